package lint

import (
	"encoding/binary"
	"testing"
)

// Falco takes containers before any other event for those that were there before the capture: no rule sees them.
func TestRecordingBeginsWithAnEvent(t *testing.T) {
	file, err := record([]Event{{"evt.type": {"container"}, "container.id": {"5c8f1d2e9b70"}, "k8s.ns.name": {"shop"}}})
	if err != nil {
		t.Fatal(err)
	}
	const event, largeEvent = 0x216, 0x221
	var events []uint32
	for len(file) > 0 {
		if kind := binary.LittleEndian.Uint32(file); kind == event || kind == largeEvent {
			events = append(events, kind)
		}
		file = file[binary.LittleEndian.Uint32(file[4:]):]
	}
	if len(events) != 2 || events[0] != event || events[1] != largeEvent {
		t.Errorf("blocks of events %#x, want an event and a container", events)
	}
}

func TestRecordable(t *testing.T) {
	for _, c := range []struct {
		name  string
		event Event
		want  bool
	}{
		{"a process", Event{"evt.type": {"execve"}, "proc.name": {"bash"}}, true},
		{"a packet socket", Event{"evt.type": {"socket"}, "evt.arg.domain": {"AF_PACKET"}}, true},
		{"another socket", Event{"evt.type": {"socket"}, "evt.arg.domain": {"AF_VSOCK"}}, false},
		{"a file", Event{"evt.type": {"execve"}, "fd.name": {"/etc/shadow"}}, false},
		{"another system call", Event{"evt.type": {"connect"}}, false},
		{"two values", Event{"evt.type": {"execve"}, "proc.vpid": {"1"}, "proc.name": {"a", "b"}}, false},
	} {
		if got := c.event.recordable(); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if _, err := record([]Event{{"evt.type": {"execve"}, "proc.vpid": {"one"}}}); err == nil {
		t.Error("a process ID that is no number is no error")
	}
}
