package lint

// eventTypes is a set of event types, or all but a set.
type eventTypes struct {
	allBut bool
	names  map[string]bool
}

var (
	everyEvent = eventTypes{allBut: true}
	// anEvent is restricted to one that is not known: of a condition already reported.
	anEvent = eventTypes{names: map[string]bool{"?": true}}
)

func (e eventTypes) complement() eventTypes { return eventTypes{!e.allBut, e.names} }

func (e eventTypes) and(o eventTypes) eventTypes {
	if e.allBut && o.allBut {
		names := map[string]bool{}
		for name := range e.names {
			names[name] = true
		}
		for name := range o.names {
			names[name] = true
		}
		return eventTypes{true, names}
	}
	if e.allBut {
		e, o = o, e
	}
	names := map[string]bool{}
	for name := range e.names {
		if o.names[name] != o.allBut {
			names[name] = true
		}
	}
	return eventTypes{false, names}
}

func (e eventTypes) or(o eventTypes) eventTypes {
	return e.complement().and(o.complement()).complement()
}

// genericEvent is the code that system calls without one of their own share.
const genericEvent = "system call"

// eventsOf finds the event types on which a resolved condition can be true, as far as its checks of evt.type say
// (libsinsp's ppm_codes.cpp).
func (t *tables) eventsOf(e Expr, negated bool) eventTypes {
	switch e := e.(type) {
	case *Not:
		return t.eventsOf(e.Part, !negated)
	case *All:
		return t.eventsOfParts(e.Parts, negated, !negated)
	case *Any:
		return t.eventsOfParts(e.Parts, negated, negated)
	case *unknown:
		if negated && !e.events.allBut && !e.events.names["?"] {
			return e.events.complement()
		}
		return e.events
	case *Check:
		return t.eventsOfCheck(e, negated)
	}
	return everyEvent
}

func (t *tables) eventsOfCheck(c *Check, negated bool) eventTypes {
	field := c.Field
	if negated && searchesEvents(c.Operator) && endsWithConstant(field) {
		return eventTypes{names: map[string]bool{}}
	}
	if !isEventField(field) || len(field.Transformers) > 0 || c.Other != nil {
		return everyEvent
	}
	types := eventTypes{names: map[string]bool{}}
	for _, v := range c.Values {
		switch codes, known := t.events[v.Text]; {
		case !known || codes == 0:
		case codes == sharedCodes:
			types.names[genericEvent] = true
		default:
			types.names[v.Text] = true
		}
	}
	switch c.Operator {
	case "=", "==", "in":
	case "!=":
		types = types.complement()
	case "exists":
		types = everyEvent
	default:
		return everyEvent
	}
	if negated {
		types = types.complement()
	}
	return types
}

func (t *tables) eventsOfParts(parts []Expr, negated, intersect bool) eventTypes {
	found := t.eventsOf(parts[0], negated)
	for _, part := range parts[1:] {
		if intersect {
			found = found.and(t.eventsOf(part, negated))
		} else {
			found = found.or(t.eventsOf(part, negated))
		}
	}
	return found
}

// tooMany is true of a set that Falco warns of, and of none.
func (t *tables) tooMany(e eventTypes) bool {
	codes := t.codes(e)
	return codes == 0 || codes > 100
}

// codes counts the event codes of a set: versions of a system call, its enter and its exit are one each.
func (t *tables) codes(e eventTypes) int {
	count := 0
	for name := range e.names {
		switch codes := t.events[name]; {
		case name == genericEvent || codes == sharedCodes:
			count += 2
		case name == "?":
			count++
		default:
			count += codes
		}
	}
	if e.allBut {
		all := 2
		for _, codes := range t.events {
			all += max(codes, 0)
		}
		count = all - count
	}
	return count
}
