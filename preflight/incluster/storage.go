package incluster

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"doks-security/stack/field"
)

// LogsAnnotation is on Loki's StatefulSet and says where Loki stores its logs: the String of a LogStore.
const LogsAnnotation = "doks-security/logs"

// spacesSecret is the Secret with Loki's Spaces key; releases without LogsAnnotation are distinguished by it.
const spacesSecret = "loki-spaces"

// LogStore is where Loki stores logs: on its volume, or in a bucket of Spaces.
type LogStore struct {
	Region, Bucket string // empty: on the volume
	// From is the day, in UTC, from which on logs go to the bucket; older ones are on the volume. Empty: all are in the
	// bucket.
	From string
}

// String is "volume", "spaces:<region>/<bucket>" or "spaces:<region>/<bucket>:<from>".
func (s LogStore) String() string {
	if s.Bucket == "" {
		return "volume"
	}
	text := "spaces:" + s.Region + "/" + s.Bucket
	if s.From != "" {
		text += ":" + s.From
	}
	return text
}

// ParseLogStore reads what String writes; anything else is the volume.
func ParseLogStore(text string) LogStore {
	parts := strings.Split(text, ":")
	if parts[0] != "spaces" || len(parts) < 2 {
		return LogStore{}
	}
	s := LogStore{}
	s.Region, s.Bucket, _ = strings.Cut(parts[1], "/")
	if len(parts) > 2 {
		s.From = parts[2]
	}
	return s
}

// runningLogs is where the running Loki stores logs; false without one.
func (c *Cluster) runningLogs(namespace string) (store LogStore, known, running bool) {
	for _, set := range c.StatefulSets {
		if set.Metadata.Namespace != namespace || set.Metadata.Name != "loki" {
			continue
		}
		if text, ok := set.Metadata.Annotations[LogsAnnotation]; ok {
			return ParseLogStore(text), true, true
		}
		for _, container := range set.Spec.Template.Spec.Containers {
			for _, source := range container.EnvFrom {
				if source.SecretRef.Name == spacesSecret {
					return LogStore{Bucket: "?"}, false, true
				}
			}
		}
		return LogStore{}, true, true
	}
	return LogStore{}, false, false
}

// Logs refuses a change of Loki's store that would lose logs: Loki finds them only where its schema says they were when
// they were written, and a bucket that is no longer a setting would be deleted. namespace is Loki's, retention how long
// it keeps logs, and now decides which days have begun.
func Logs(c *Cluster, namespace string, want LogStore, retention time.Duration, now time.Time, errs *field.Errors) {
	running, known, ok := c.runningLogs(namespace)
	if !ok {
		return
	}
	abandon := fmt.Sprintf("to lose the logs on purpose: kubectl --namespace %s delete statefulset loki, then "+
		"pulumi up again", namespace)
	switch {
	case running.Bucket == "" && want.Bucket == "":
	case running.Bucket == "":
		firstSwitch(want, now, errs)
	case want.Bucket == "":
		errs.Add("logging.storage", "volume", "spaces: the running Loki stores its logs in a bucket, which would be "+
			"deleted with them",
			"pulumi config set --path 'logging.storage' spaces; "+abandon+", which deletes the bucket unless it is protected")
	case !known:
		if want.From != "" {
			errs.Add("logging.spaces.from", want.From, "nothing: the running Loki has all its logs in the bucket",
				"pulumi config rm --path 'logging.spaces.from'")
		}
	default:
		sameBucket(running, want, errs)
		sameDate(running, want, retention, now, errs)
	}
}

// firstSwitch is from the volume to a bucket: from a day on that has not begun, since Loki writes today's index
// already.
func firstSwitch(want LogStore, now time.Time, errs *field.Errors) {
	tomorrow := now.UTC().AddDate(0, 0, 1).Format(time.DateOnly)
	if want.From >= tomorrow {
		return
	}
	var given any
	if want.From != "" {
		given = want.From
	}
	errs.Add("logging.spaces.from", given, "a day from "+tomorrow+
		" on (UTC): the running Loki stores its logs on the volume, where those until then stay",
		fmt.Sprintf("pulumi config set --path 'logging.spaces.from' %s, or keep them there: pulumi config set --path "+
			"'logging.storage' volume", tomorrow))
}

func sameBucket(running, want LogStore, errs *field.Errors) {
	for _, setting := range []struct{ key, is, wanted string }{
		{"logging.spaces.region", running.Region, want.Region}, {"logging.spaces.bucket", running.Bucket, want.Bucket},
	} {
		if setting.is != setting.wanted {
			errs.Add(setting.key, setting.wanted, setting.is+
				": the running Loki has its logs there, and would not find them elsewhere",
				fmt.Sprintf("pulumi config set --path '%s' %s; a new stack can use another one", setting.key, setting.is))
		}
	}
}

// sameDate keeps the day on which the bucket began: another one would look for logs where they are not. It can go once
// Loki has deleted all that is older.
func sameDate(running, want LogStore, retention time.Duration, now time.Time, errs *field.Errors) {
	today := now.UTC().Format(time.DateOnly)
	began, err := time.Parse(time.DateOnly, running.From)
	expired := began.Add(retention).AddDate(0, 0, 1)
	switch {
	case running.From == want.From:
	case running.From == "":
		errs.Add("logging.spaces.from", want.From, "nothing: the running Loki has all its logs in the bucket",
			"pulumi config rm --path 'logging.spaces.from'")
	case want.From == "" && err == nil && !expired.After(now):
	case slices.Min([]string{running.From, want.From}) > today: // neither has begun
	default:
		var given any
		if want.From != "" {
			given = want.From
		}
		errs.Add("logging.spaces.from", given, running.From+
			": older logs are on the volume, newer ones in the bucket; none from "+
			expired.Format(time.DateOnly)+" on, when the older ones have expired",
			"pulumi config set --path 'logging.spaces.from' "+running.From)
	}
}
