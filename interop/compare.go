package main

import (
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
)

// firstOf returns the first error that is one.
func firstOf(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

// sameLines reports how two lists differ, in whatever order they are.
func sameLines(got, want []string) error {
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	if slices.Equal(got, want) {
		return nil
	}
	return fmt.Errorf("there is\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
}

func port(addr string) string {
	_, port, _ := net.SplitHostPort(addr) // freeAddr made it
	return port
}

// sibling is a program beside another one.
func sibling(program, name string) string { return filepath.Join(filepath.Dir(program), name) }
