package prcomment

import (
	"fmt"
	"strings"
)

// numbers is the table of what can be counted.
func numbers(was, is Summary) string {
	rows := []struct{ name, was, is string }{
		{"cost a month", cost(was), cost(is)},
		{"difference", "", costDifference(was, is)},
		{"nodes, at least", nodes(was), nodes(is)},
		{"CPU left for more", free(was, Resources.cpu), free(is, Resources.cpu)},
		{"memory left for more", free(was, Resources.memory), free(is, Resources.memory)},
		{"Kubernetes", kubernetes(was), kubernetes(is)},
		{"charts", charts(was), charts(is)},
	}
	var text strings.Builder
	text.WriteString("| | base | this change |\n|---|---:|---:|\n")
	for _, r := range rows {
		fmt.Fprintf(&text, "| %s | %s | %s |\n", r.name, r.was, r.is)
	}
	return text.String()
}

func cost(s Summary) string {
	if s.MonthlyCostUSD == nil {
		return "not known"
	}
	return fmt.Sprintf("%.2f USD", *s.MonthlyCostUSD)
}

// costDifference is what the change adds to a month's bill.
func costDifference(was, is Summary) string {
	switch {
	case was.MonthlyCostUSD == nil || is.MonthlyCostUSD == nil:
		return "not known"
	case *was.MonthlyCostUSD == *is.MonthlyCostUSD:
		return "none"
	}
	return fmt.Sprintf("**%+.2f USD**", *is.MonthlyCostUSD-*was.MonthlyCostUSD)
}

func nodes(s Summary) string {
	if s.Nodes == 0 {
		return "not known"
	}
	return fmt.Sprint(s.Nodes)
}

func (r Resources) cpu() (int, string)    { return r.MilliCPU, "m" }
func (r Resources) memory() (int, string) { return r.MiB, " MiB" }

// free is what this stack leaves of the room it found.
func free(s Summary, of func(Resources) (int, string)) string {
	left, unit := of(s.Free)
	room, _ := of(s.Room)
	if room <= 0 {
		return "not known"
	}
	return fmt.Sprintf("%d%s of %d%s (%d %%)", left, unit, room, unit, 100*left/room)
}

// absent is a side without the environment: it is new.
func absent(s Summary) bool { return s.Kubernetes == "" }

func kubernetes(s Summary) string {
	if absent(s) {
		return "not there"
	}
	return code(s.Kubernetes)
}

func charts(s Summary) string {
	if absent(s) {
		return "not there"
	}
	if s.StandIns {
		return "**stand-ins**"
	}
	if len(s.Notes) > 0 {
		return fmt.Sprintf("published, %d not verified", len(s.Notes))
	}
	return "published"
}

// warnings say where the difference between the manifests cannot be believed.
func warnings(was, is Summary) string {
	var text string
	switch {
	case was.StandIns != is.StandIns && !absent(was):
		text = "one side was rendered with stand-in charts, the other with the published ones: the difference of the " +
			"manifests says nothing."
	case is.StandIns:
		text = "the manifests were rendered with **stand-in charts**, made from their contracts: what the published charts " +
			"would change is not known."
	}
	if text == "" {
		return ""
	}
	return "\n> [!WARNING]\n> " + strings.ToUpper(text[:1]) + text[1:] + " `make charts` fetches the published ones.\n"
}
