package llmtest

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
)

// Pipe is a listener without a network: whoever dials it is connected through
// memory. A server on it, together with its clients, can live in a bubble of
// testing/synctest, in which nothing waits for real time.
type Pipe struct {
	addr   pipeAddr
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

var pipes atomic.Int64

// NewPipe returns a listener whose address is like no other's.
func NewPipe() *Pipe {
	return &Pipe{addr: pipeAddr(fmt.Sprintf("pipe-%d.invalid:80", pipes.Add(1))), conns: make(chan net.Conn), closed: make(chan struct{})}
}

type pipeAddr string

func (pipeAddr) Network() string  { return "pipe" }
func (a pipeAddr) String() string { return string(a) }

// Addr is what the listener's clients may call it; nothing resolves it.
func (p *Pipe) Addr() net.Addr { return p.addr }

// Accept waits for the next client.
func (p *Pipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept and refuses further clients.
func (p *Pipe) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

// DialContext connects a client, whatever address it asks for. It fits into an
// http.Transport.
func (p *Pipe) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return ours, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
