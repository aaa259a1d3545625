package capture

import (
	"encoding/binary"
	"testing"
	"time"
)

// block is a block of a capture, without its frame.
type block struct {
	kind    uint32
	content []byte
}

func blocks(t *testing.T, file []byte) (all []block) {
	t.Helper()
	for len(file) > 0 {
		length := binary.LittleEndian.Uint32(file[4:])
		if length%4 != 0 || int(length) > len(file) {
			t.Fatalf("a block of %d bytes, %d are left", length, len(file))
		}
		if trailer := binary.LittleEndian.Uint32(file[length-4:]); trailer != length {
			t.Fatalf("a block of %d bytes ends with %d", length, trailer)
		}
		all = append(all, block{binary.LittleEndian.Uint32(file), file[8 : length-4]})
		file = file[length:]
	}
	return all
}

// A reader finds its way by lengths alone: of blocks, of events and of parameters.
func TestLengths(t *testing.T) {
	at := time.Unix(1700000000, 5)
	process := Process{
		PID: 11, Parent: 10, VPID: 1, Name: "a-name-longer-than-fifteen", Exe: "/a", ExePath: "/a",
		Args: []string{"start", ""}, Env: []string{"A=b"}, Container: "5c8f1d2e9b70",
	}
	c := New(Process{PID: 10, Name: "shim"}, process)
	if err := c.Container(at, Container{ID: process.Container, Repository: "docker.io/library/nginx"}); err != nil {
		t.Fatal(err)
	}
	c.Clone(at, process)
	c.Exec(at, process, false)
	c.Exec(at, process, true)
	c.Socket(at, process.PID, Packet)
	written := blocks(t, c.Bytes())
	want := []struct {
		kind       uint32
		code       uint16
		parameters int
	}{
		{kind: sectionBlock}, {kind: machineBlock}, {kind: processBlock},
		{largeEventBlock, asyncEvent, 3}, {eventBlock, cloneEvent, 21}, {eventBlock, execveEvent, 31},
		{eventBlock, execveatEvent, 30}, {eventBlock, socketEvent, 4},
	}
	if len(written) != len(want) {
		t.Fatalf("%d blocks, want %d", len(written), len(want))
	}
	for i, w := range want {
		if written[i].kind != w.kind {
			t.Errorf("block %d is %#x, want %#x", i, written[i].kind, w.kind)
		}
		if w.parameters > 0 {
			checkEvent(t, written[i], at, w.code, w.parameters)
		}
	}
	checkProcesses(t, written[2].content, 2)
}

func checkEvent(t *testing.T, b block, at time.Time, code uint16, parameters int) {
	t.Helper()
	event := b.content[2:]
	if got := binary.LittleEndian.Uint64(event); got != uint64(at.UnixNano()) {
		t.Errorf("event %d at %d", code, got)
	}
	if got := binary.LittleEndian.Uint16(event[20:]); got != code {
		t.Errorf("event %d, want %d", got, code)
	}
	if got := binary.LittleEndian.Uint32(event[22:]); int(got) != parameters {
		t.Errorf("event %d has %d parameters, want %d", code, got, parameters)
	}
	length, width := 26, 2
	if b.kind == largeEventBlock {
		width = 4
	}
	for i := range parameters {
		size := make([]byte, 4)
		copy(size, event[26+i*width:][:width])
		length += width + int(binary.LittleEndian.Uint32(size))
	}
	if got := binary.LittleEndian.Uint32(event[16:]); int(got) != length || length > len(event) {
		t.Errorf("event %d of %d bytes, its parameters make %d of %d", code, got, length, len(event))
	}
}

func checkProcesses(t *testing.T, content []byte, processes int) {
	t.Helper()
	for range processes {
		length := binary.LittleEndian.Uint32(content)
		if int(length) > len(content) {
			t.Fatalf("a process of %d bytes, %d are left", length, len(content))
		}
		content = content[length:]
	}
	if len(content) > 3 {
		t.Errorf("%d bytes behind the processes", len(content))
	}
}
