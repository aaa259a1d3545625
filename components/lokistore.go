package components

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"doks-security/preflight/incluster"
)

// FirstLogs is the day on which Loki's schema begins, in values/loki/values.yaml too.
const FirstLogs = "2026-01-01"

// indexPrefix begins the names of Loki's index tables, in values/loki/values.yaml too.
const indexPrefix = "loki_index_"

// lokiObjects are the objects that Loki writes for each day of logs, by the prefix of their keys: chunks below the
// tenant, which is fake without auth_enabled, and tables of the index. Its other object, the list of delete requests
// (index/delete_requests/), is of no day.
//
// https://github.com/grafana/loki/blob/v3.7.6/pkg/storage/config/schema_config.go
var lokiObjects = []struct{ name, prefix string }{{"chunks", "fake/"}, {"index", "index/" + indexPrefix}}

// annotation says where Loki stores its logs, as the checks of a running cluster read it.
func (s *SpacesStore) annotation() pulumi.StringInput {
	if s == nil {
		return pulumi.String(incluster.LogStore{}.String())
	}
	return pulumi.All(s.Region, s.Bucket).ApplyT(func(all []any) string {
		return incluster.LogStore{Region: all[0].(string), Bucket: all[1].(string), From: s.From}.String()
	}).(pulumi.StringOutput)
}

// options are the overlays of Loki's values.
func (s *SpacesStore) options() []string {
	switch {
	case s == nil:
		return nil
	case s.From != "":
		return []string{"spaces", "spaces-from"}
	}
	return []string{"spaces", "spaces-replicated"}
}

// values are the part of Loki's values about the store.
func (s *SpacesStore) values() map[string]any {
	known := map[string]any{"singleBinary": map[string]any{
		"annotations": map[string]any{incluster.LogsAnnotation: s.annotation()},
	}}
	if s == nil {
		return known
	}
	loki := map[string]any{"storage": map[string]any{
		"bucketNames": map[string]any{"chunks": s.Bucket, "ruler": s.Bucket},
		"object_store": map[string]any{"s3": map[string]any{
			"endpoint": pulumi.Sprintf("%s.digitaloceanspaces.com", s.Region), "region": s.Region,
		}},
	}}
	if s.From != "" {
		loki["schemaConfig"] = map[string]any{"configs": []any{period(FirstLogs, "filesystem"), period(s.From, "s3")}}
	}
	known["loki"] = loki
	return known
}

// period is a part of Loki's schema. Loki looks for logs where the period they were written in has them: one that has
// begun never changes.
func period(from, objectStore string) map[string]any {
	return map[string]any{
		"from": from, "store": "tsdb", "object_store": objectStore, "schema": "v13",
		"index": map[string]any{"prefix": indexPrefix, "period": "24h"},
	}
}
