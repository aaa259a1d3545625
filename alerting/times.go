package alerting

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/timeinterval"
	"gopkg.in/yaml.v3"
)

// interval reads one element of time_intervals as Alertmanager does, from the configuration that is written.
func interval(value Fragment) (read timeinterval.TimeInterval, err error) {
	text, err := write(value)
	if err != nil {
		return read, err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	return read, decoder.Decode(&read)
}

// timeInterval checks an element of time_intervals.
func (c checker) timeInterval(path string, value any) {
	object, ok := value.(map[string]any)
	if !ok || len(object) == 0 {
		c.hidden(path, "times, weekdays, days_of_month, months, years or location", "set one of them")
		return
	}
	before := len(*c.errs)
	if c.any(path, value); len(*c.errs) > before {
		return
	}
	if _, err := interval(object); err != nil {
		c.hidden(path, "an interval of Alertmanager: {weekdays: [saturday, sunday], location: Europe/Berlin}",
			"correct it: "+strings.Join(strings.Fields(err.Error()), " "))
	}
}

// schedule is when a receiver is muted.
type schedule struct {
	mute, active []timeinterval.TimeInterval
	restricted   bool // to active
}

func contains(intervals []timeinterval.TimeInterval, at time.Time) bool {
	return slices.ContainsFunc(intervals, func(i timeinterval.TimeInterval) bool { return i.ContainsTime(at) })
}

func (s schedule) muted(at time.Time) bool {
	return contains(s.mute, at) || s.restricted && !contains(s.active, at)
}

// schedule reads the time intervals of a receiver, which are valid.
func (s Settings) schedule(r Receiver) schedule {
	named := func(names []string) (all []timeinterval.TimeInterval) {
		for _, t := range s.TimeIntervals {
			for _, fragment := range t.Intervals {
				if read, err := interval(fragment); err == nil && slices.Contains(names, t.Name) {
					all = append(all, read)
				}
			}
		}
		return all
	}
	return schedule{mute: named(r.Mute), active: named(r.Active), restricted: len(r.Active) > 0}
}

// firstYear is the first that is looked at: a preview finds the same on every day.
const firstYear = 2026

// silence finds a time at which all schedules mute, in four years and in those that intervals name. Intervals begin and
// end at whole minutes: of each hour, those minutes are looked at.
func silence(all []schedule) (time.Time, bool) {
	minutes, years := map[int]bool{0: true}, map[int]bool{}
	for year := range 4 {
		years[firstYear+year] = true
	}
	for _, s := range all {
		if len(s.mute) == 0 && !s.restricted {
			return time.Time{}, false
		}
		for _, i := range slices.Concat(s.mute, s.active) {
			for _, t := range i.Times {
				for _, minute := range []int{t.StartMinute, t.EndMinute} {
					for offset := 0; offset < 60; offset += 15 { // of time zones
						minutes[(minute+offset)%60] = true
					}
				}
			}
			for _, y := range i.Years {
				for _, year := range []int{y.Begin - 1, y.Begin, y.End, y.End + 1} {
					if year >= firstYear && year < firstYear+100 {
						years[year] = true
					}
				}
			}
		}
	}
	for _, year := range sorted(years) {
		for hour := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC); hour.Year() == year; hour = hour.Add(time.Hour) {
			for _, minute := range sorted(minutes) {
				at := hour.Add(time.Duration(minute) * time.Minute)
				if !slices.ContainsFunc(all, func(s schedule) bool { return !s.muted(at) }) {
					return at, true
				}
			}
		}
	}
	return time.Time{}, false
}

func sorted(set map[int]bool) []int {
	all := make([]int, 0, len(set))
	for number := range set {
		all = append(all, number)
	}
	slices.Sort(all)
	return all
}

// shownTime is a time in an error.
func shownTime(at time.Time) string {
	return fmt.Sprintf("%s UTC", at.Format("Monday 2006-01-02 15:04"))
}
