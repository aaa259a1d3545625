package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"doks-security/values"
)

// Loki is a running Loki. LokiSink is what stands for one that refuses.
type Loki struct{ *Process }

// sections are those of Loki's configuration that the values of its chart have, by their names there.
var sections = map[string]string{
	"schema_config": "schemaConfig", "limits_config": "limits_config", "compactor": "compactor", "analytics": "analytics",
	"query_scheduler": "query_scheduler", "querier": "querier",
}

// StartLoki starts one with the sections of the stack's values, in one process and on this machine's disk.
func (l *Lab) StartLoki(ctx context.Context, s *Stack) (*Loki, error) {
	grpc, err := freeAddress()
	if err != nil {
		return nil, err
	}
	_, grpcPort, _ := strings.Cut(grpc, ":")
	given, err := at[map[string]any](s, "loki", "loki")
	if err != nil {
		return nil, err
	}
	config := map[string]any{
		"auth_enabled": given["auth_enabled"],
		"common": map[string]any{
			"path_prefix": "data", "replication_factor": 1, "instance_addr": "127.0.0.1",
			"ring": map[string]any{"kvstore": map[string]any{"store": "inmemory"}, "instance_addr": "127.0.0.1"},
			"storage": map[string]any{"filesystem": map[string]any{
				"chunks_directory": "data/chunks", "rules_directory": "data/rules"}},
		},
	}
	for section, key := range sections {
		if value := values.At(given, key); value != nil {
			config[section] = value
		}
	}
	text, err := yaml.Marshal(config)
	if err != nil {
		return nil, err
	}
	p, err := l.start(ctx, "loki", map[string]string{"loki.yaml": string(text)}, func(address string) launch {
		host, port, _ := strings.Cut(address, ":")
		return launch{ready: "/ready", args: []string{
			"-config.file=loki.yaml", "-target=all", "-server.http-listen-address=" + host, "-server.http-listen-port=" + port,
			"-server.grpc-listen-address=" + host, "-server.grpc-listen-port=" + grpcPort,
			"-ingester.min-ready-duration=0s", // it waits for others, of which there are none
		}}
	})
	return &Loki{p}, err
}

// Push sends lines of one stream.
func (l *Loki) Push(ctx context.Context, labels map[string]string, lines ...string) error {
	values := [][2]string{}
	for i, line := range lines {
		values = append(values, [2]string{strconv.FormatInt(time.Now().UnixNano()+int64(i), 10), line})
	}
	body, err := json.Marshal(map[string]any{"streams": []any{map[string]any{"stream": labels, "values": values}}})
	if err != nil {
		return err
	}
	return post(ctx, l.URL+"/loki/api/v1/push", string(body))
}

// Query is how many lines, or series, an expression answers of the last hour.
func (l *Loki) Query(ctx context.Context, expr string) (int, error) {
	now := time.Now()
	query := url.Values{"query": {expr}, "start": {fmt.Sprint(now.Add(-time.Hour).UnixNano())},
		"end": {fmt.Sprint(now.Add(time.Minute).UnixNano())}}
	body, err := get(ctx, l.URL+"/loki/api/v1/query_range?"+query.Encode())
	if err != nil {
		return 0, err
	}
	var answer struct {
		Data struct {
			Result []struct{ Values []any }
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return 0, err
	}
	n := 0
	for _, result := range answer.Data.Result {
		n += len(result.Values)
	}
	return n, nil
}
