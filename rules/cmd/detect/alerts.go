package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 16 << 20

var (
	eventSeries = regexp.MustCompile(`^falcosecurity_falcosidekick_falco_events_total\{(.*)\} ([0-9.e+]+)$`)
	seriesLabel = regexp.MustCompile(`([a-z0-9_]+)="((?:[^"\\]|\\.)*)"`)
)

// atFalcosidekick returns the rules of the events it received from a namespace, as its metrics count them.
func atFalcosidekick(ctx context.Context, base, namespace string) ([]string, error) {
	text, err := get(ctx, base+"/metrics")
	if err != nil {
		return nil, err
	}
	var rules []string
	for _, line := range strings.Split(string(text), "\n") {
		match := eventSeries.FindStringSubmatch(line)
		if match == nil {
			continue
		}
		labels := map[string]string{}
		for _, label := range seriesLabel.FindAllStringSubmatch(match[1], -1) {
			labels[label[1]] = label[2]
		}
		if count, err := strconv.ParseFloat(match[2], 64); err == nil && count > 0 && labels["k8s_ns_name"] == namespace {
			rules = append(rules, labels["rule"])
		}
	}
	return rules, nil
}

// inLoki returns the rules of the events about a namespace that are there.
func inLoki(ctx context.Context, base, namespace string, since time.Time) ([]string, error) {
	query := url.Values{
		"query": {fmt.Sprintf("{rule=~`.+`} |= `%s`", namespace)},
		"start": {strconv.FormatInt(since.Add(-time.Minute).UnixNano(), 10)},
		"limit": {"5000"},
	}
	text, err := get(ctx, base+"/loki/api/v1/query_range?"+query.Encode())
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data struct {
			Result []struct {
				Stream map[string]string `json:"stream"`
			} `json:"result"`
		} `json:"data"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	var rules []string
	for _, result := range answer.Data.Result {
		rules = append(rules, result.Stream["rule"])
	}
	return rules, nil
}

func get(ctx context.Context, address string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", response.Status, strings.TrimSpace(string(text)))
	}
	return text, nil
}
