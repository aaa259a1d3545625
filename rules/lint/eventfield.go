package lint

import (
	"fmt"
	"slices"
)

// searchesEvents is true of the comparisons in which the engine looks for event types, on the left as well.
func searchesEvents(operator string) bool {
	return slices.Contains([]string{"=", "==", "!=", "in"}, operator)
}

// isEventField is true of a field whose comparisons restrict the event types, without what is around it.
func isEventField(o Operand) bool {
	return (o.Name == "evt.type" || o.Name == "syscall.type") && !o.HasArgument
}

// checkEventField refuses what the engine cannot find event types in: it ends with an error.
func checkEventField(c *Check) error {
	searched := searchesEvents(c.Operator)
	if name, transformer := transformedEvent(c.Field); name != "" && (searched || c.Operator == "exists") {
		return fmt.Errorf("%s cannot stand inside %s()", name, transformer)
	}
	if isEventField(c.Field) && c.Other != nil && searched {
		return fmt.Errorf("%s cannot be compared with another field", c.Field.Name)
	}
	return nil
}

// transformedEvent finds evt.type inside of a transformer. In a list of values the engine looks at the last only.
func transformedEvent(o Operand) (name, transformer string) {
	for _, v := range o.Values {
		if name, transformer = transformedEvent(v); name != "" {
			return name, transformer
		}
		last := v
		if v.Call == "list" && len(v.Values) > 0 {
			last = v.Values[len(v.Values)-1]
		}
		if o.Call != "list" && isEventField(last) {
			return last.Name, o.Call
		}
	}
	if isEventField(o) && len(o.Transformers) > 0 {
		return o.Name, o.Transformers[0]
	}
	return "", ""
}

// endsWithConstant is true of values in a transformer of which the last is a constant. The engine then takes a negated
// comparison for one that is never true.
func endsWithConstant(o Operand) bool {
	if len(o.Values) == 0 {
		return o.Constant != nil
	}
	return endsWithConstant(o.Values[len(o.Values)-1])
}
