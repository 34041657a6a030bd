package main

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
)

// ProxyConfig is the way out to everything that is asked: Discord and its gateway,
// the model, and the backends. net/http reads it from the environment, so main
// puts it there, see proxies.
type ProxyConfig struct {
	HTTPSProxy Secret `env:"HTTPS_PROXY"`
	HTTPProxy  Secret `env:"HTTP_PROXY"`
	AllProxy   Secret `env:"ALL_PROXY"`
	NoProxy    string `env:"NO_PROXY"`
}

// inLowerCase takes over the proxies' other names.
func inLowerCase(vars map[string]string) {
	for _, name := range []string{"HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"} {
		if lower, found := vars[strings.ToLower(name)]; found && vars[name] == "" {
			vars[name] = lower
		}
	}
}

func (c ProxyConfig) check(wrong *mistakes) {
	for name, value := range map[string]Secret{"HTTPS_PROXY": c.HTTPSProxy, "HTTP_PROXY": c.HTTPProxy, "ALL_PROXY": c.AllProxy} {
		if name == "ALL_PROXY" && c.HTTPSProxy != "" && c.HTTPProxy != "" {
			continue // not used
		}
		if value != "" && !isProxy(usual(value.Reveal())) {
			wrong.add(name + " must look like http://proxy:3128 or socks5://proxy:1080, with what is special in its password percent-encoded")
		}
	}
}

func isProxy(value string) bool {
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	u, err := url.Parse(value)
	return err == nil && u.Hostname() != "" && slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) &&
		strings.Trim(u.Path, "/") == "" && u.RawQuery == "" && u.Fragment == ""
}

// usual writes an address as net/http knows it: desktops say socks for SOCKS 5.
func usual(value string) string {
	if rest, found := strings.CutPrefix(value, "socks://"); found {
		return "socks5://" + rest
	}
	return value
}

// proxies returns what the environment has to say of proxies, so that net/http
// does what our variables say. It knows no ALL_PROXY.
func proxies(vars map[string]string) map[string]string {
	set := map[string]string{}
	for name, value := range map[string]string{
		"HTTPS_PROXY": usual(cmp.Or(vars["HTTPS_PROXY"], vars["ALL_PROXY"])),
		"HTTP_PROXY":  usual(cmp.Or(vars["HTTP_PROXY"], vars["ALL_PROXY"])),
		"NO_PROXY":    vars["NO_PROXY"],
	} {
		set[name], set[strings.ToLower(name)] = value, value
	}
	return set
}
