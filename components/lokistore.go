package components

import "doks-security/preflight/incluster"

// FirstLogs is the day on which Loki's schema begins, in values/loki.yaml too.
const FirstLogs = "2026-01-01"

// store is where Loki stores its logs, as the checks of a running cluster read it.
func (s *SpacesStore) store() incluster.LogStore {
	if s == nil {
		return incluster.LogStore{}
	}
	return incluster.LogStore(s.Settings)
}

// options are the overlays of Loki's values.
func (s *SpacesStore) options() []string {
	switch {
	case s == nil:
		return nil
	case s.Settings.From != "":
		return []string{"spaces", "spaces-from"}
	}
	return []string{"spaces", "spaces-replicated"}
}

// values are the part of Loki's values about the store.
func (s *SpacesStore) values() map[string]any {
	known := map[string]any{"singleBinary": map[string]any{
		"annotations": map[string]any{incluster.LogsAnnotation: s.store().String()},
	}}
	if s == nil {
		return known
	}
	loki := map[string]any{"storage": map[string]any{
		"bucketNames": map[string]any{"chunks": s.Settings.Bucket, "ruler": s.Settings.Bucket},
		"object_store": map[string]any{"s3": map[string]any{
			"endpoint": s.Settings.Region + ".digitaloceanspaces.com", "region": s.Settings.Region,
		}},
	}}
	if s.Settings.From != "" {
		loki["schemaConfig"] = map[string]any{"configs": []any{period(FirstLogs, "filesystem"), period(s.Settings.From, "s3")}}
	}
	known["loki"] = loki
	return known
}

// period is a part of Loki's schema. Loki looks for logs where the period they were written in has them: one that has begun
// never changes.
func period(from, objectStore string) map[string]any {
	return map[string]any{
		"from": from, "store": "tsdb", "object_store": objectStore, "schema": "v13",
		"index": map[string]any{"prefix": "loki_index_", "period": "24h"},
	}
}
