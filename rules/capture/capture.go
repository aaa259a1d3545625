// Package capture writes events that were made by hand as a capture file, which a real Falco replays
// (engine.kind=replay): what its rules say of an event is then known without the event having happened.
//
// The format is that of libscap: blocks as in
// https://github.com/falcosecurity/libs/blob/0.25.4/userspace/libscap/scap_savefile.h, events with the parameters of
// https://github.com/falcosecurity/libs/blob/0.25.4/driver/event_table.c. Only what the events need is written.
package capture

import (
	"bytes"
	"encoding/binary"
	"slices"
	"time"
)

// Types of blocks.
const (
	sectionBlock    = 0x0A0D0D0A
	machineBlock    = 0x201
	processBlock    = 0x215 // version 9
	eventBlock      = 0x216 // version 2
	largeEventBlock = 0x221 // lengths of parameters have 32 bits
)

// Capture is a file that grows by events. Processes that started before it come first.
type Capture struct {
	file bytes.Buffer
}

// New begins a capture of a machine on which some processes run.
func New(running ...Process) *Capture {
	c := &Capture{}
	c.block(sectionBlock, binary.LittleEndian.AppendUint64([]byte{0x4D, 0x3C, 0x2B, 0x1A, 1, 0, 2, 0}, ^uint64(0)))
	machine := make([]byte, 4+8+8+128+4*8)
	machine[0] = 1                                       // processors
	binary.LittleEndian.PutUint64(machine[12:], 4194304) // the highest process ID
	copy(machine[20:], "node")                           // the host's name
	c.block(machineBlock, machine)
	var processes []byte
	for _, p := range running {
		processes = append(processes, p.entry()...)
	}
	c.block(processBlock, processes)
	return c
}

// Bytes is the file.
func (c *Capture) Bytes() []byte { return c.file.Bytes() }

// block writes a block: its type and length, the content on four bytes, and the length once more.
func (c *Capture) block(kind uint32, content []byte) {
	padded := slices.Concat(content, make([]byte, -len(content)&3))
	length := uint32(len(padded) + 12)
	var header []byte
	header = binary.LittleEndian.AppendUint32(header, kind)
	header = binary.LittleEndian.AppendUint32(header, length)
	c.file.Write(header)
	c.file.Write(padded)
	c.file.Write(binary.LittleEndian.AppendUint32(nil, length))
}

// event writes an event of a thread. A nil parameter is empty.
func (c *Capture) event(kind uint32, at time.Time, tid int64, code uint16, parameters ...[]byte) {
	width := 2
	if kind == largeEventBlock {
		width = 4
	}
	var lengths, values []byte
	for _, p := range parameters {
		length := binary.LittleEndian.AppendUint32(nil, uint32(len(p)))
		lengths = append(lengths, length[:width]...)
		values = append(values, p...)
	}
	const header = 8 + 8 + 4 + 2 + 4
	event := []byte{0, 0} // the processor
	event = binary.LittleEndian.AppendUint64(event, uint64(at.UnixNano()))
	event = binary.LittleEndian.AppendUint64(event, uint64(tid))
	event = binary.LittleEndian.AppendUint32(event, uint32(header+len(lengths)+len(values)))
	event = binary.LittleEndian.AppendUint16(event, code)
	event = binary.LittleEndian.AppendUint32(event, uint32(len(parameters)))
	c.block(kind, append(append(event, lengths...), values...))
}
