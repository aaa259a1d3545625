package judge

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

// eventsOf finds the event types on which a resolved condition can be true, as far as its checks of evt.type say.
func eventsOf(e Expr, negated bool) eventTypes {
	switch e := e.(type) {
	case *Not:
		return eventsOf(e.Part, !negated)
	case *All:
		return eventsOfParts(e.Parts, negated, !negated)
	case *Any:
		return eventsOfParts(e.Parts, negated, negated)
	case *unknown:
		if negated && !e.events.allBut && !e.events.names["?"] {
			return e.events.complement()
		}
		return e.events
	case *Check:
		if e.Field.Name != "evt.type" || e.Other != nil || len(e.Field.Transformers) > 0 {
			return everyEvent
		}
		types := eventTypes{names: map[string]bool{}}
		for _, v := range e.Values {
			types.names[v.Text] = true
		}
		switch e.Operator {
		case "=", "==", "in", "intersects":
		case "!=":
			types = types.complement()
		default:
			return everyEvent
		}
		if negated {
			types = types.complement()
		}
		return types
	}
	return everyEvent
}

func eventsOfParts(parts []Expr, negated, intersect bool) eventTypes {
	found := eventsOf(parts[0], negated)
	for _, part := range parts[1:] {
		if intersect {
			found = found.and(eventsOf(part, negated))
		} else {
			found = found.or(eventsOf(part, negated))
		}
	}
	return found
}
