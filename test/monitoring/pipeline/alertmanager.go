package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"gopkg.in/yaml.v3"
)

// Alertmanager is a running Alertmanager.
type Alertmanager struct{ *Process }

// AlertmanagerArgs are what an Alertmanager is started with.
type AlertmanagerArgs struct {
	Stack *Stack
	// Speed divides the durations of the configuration: 60 makes seconds of minutes. 0 is 1, durations as rendered.
	Speed int
	// Address is where replicas find each other, and Peers are the others' addresses. Empty: a single replica.
	Address string
	Peers   []string
}

// StartAlertmanager starts one as prometheus-operator does, with the stack's configuration and sink as every receiver.
func (l *Lab) StartAlertmanager(ctx context.Context, sink *Sink, a AlertmanagerArgs) (*Alertmanager, error) {
	config, err := a.Stack.alertmanagerConfig()
	if err != nil {
		return nil, err
	}
	if config, err = adapt(config, sink, max(1, a.Speed)); err != nil {
		return nil, err
	}
	const release, part, spec = "kube-prometheus-stack", "alertmanager", "alertmanagerSpec"
	retention, err := at[string](a.Stack, release, part, spec, "retention")
	if err != nil {
		return nil, err
	}
	more, err := at[[]any](a.Stack, release, part, spec, "additionalArgs")
	if err != nil {
		return nil, err
	}
	args := []string{"--config.file=alertmanager.yaml", "--storage.path=data", "--data.retention=" + retention,
		"--cluster.listen-address=" + a.Address}
	for _, element := range more {
		argument, _ := element.(map[string]any)
		args = append(args, fmt.Sprintf("--%s=%s", argument["name"], argument["value"]))
	}
	for _, peer := range a.Peers {
		args = append(args, "--cluster.peer="+peer)
	}
	p, err := l.start(ctx, "alertmanager", map[string]string{"alertmanager.yaml": config}, func(address string) launch {
		web := []string{"--web.listen-address=" + address, "--web.external-url=http://" + address}
		return launch{args: append(web, args...), ready: "/-/ready"}
	})
	return &Alertmanager{p}, err
}

// adapt points every receiver to the sink, and divides durations.
func adapt(rendered string, sink *Sink, speed int) (string, error) {
	var config map[string]any
	if err := yaml.Unmarshal([]byte(rendered), &config); err != nil {
		return "", err
	}
	receivers, _ := config["receivers"].([]any)
	for _, element := range receivers {
		receiver, _ := element.(map[string]any)
		name, _ := receiver["name"].(string)
		for kind, configs := range receiver {
			list, _ := configs.([]any)
			for _, element := range list {
				fields, _ := element.(map[string]any)
				sink.address(strings.TrimSuffix(kind, "_configs"), name, fields)
			}
		}
	}
	if err := errors.Join(accelerate(config["global"], speed), accelerate(config["route"], speed)); err != nil {
		return "", err
	}
	adapted, err := yaml.Marshal(config)
	return string(adapted), err
}

// accelerate divides the durations of a section, and those of the routes below it.
func accelerate(section any, speed int) error {
	fields, _ := section.(map[string]any)
	for _, key := range []string{"resolve_timeout", "group_wait", "group_interval", "repeat_interval"} {
		text, ok := fields[key].(string)
		if !ok || speed == 1 {
			continue
		}
		duration, err := model.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		divided := time.Duration(duration) / time.Duration(speed)
		fields[key] = model.Duration(divided.Round(time.Millisecond)).String()
	}
	routes, _ := fields["routes"].([]any)
	for _, below := range routes {
		if err := accelerate(below, speed); err != nil {
			return err
		}
	}
	return nil
}

// Alert is one that is posted to Alertmanager, as Prometheus and falcosidekick do. Times that are zero are left out.
type Alert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations,omitempty"`
	StartsAt    time.Time         `json:"startsAt,omitzero"`
	EndsAt      time.Time         `json:"endsAt,omitzero"`
}

// Post sends alerts to Alertmanager's API.
func (a *Alertmanager) Post(ctx context.Context, alerts ...Alert) error {
	body, err := json.Marshal(alerts)
	if err != nil {
		return err
	}
	return post(ctx, a.URL+"/api/v2/alerts", string(body))
}

// post sends JSON, and returns an error unless the answer is a success.
func post(ctx context.Context, url, body string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode/100 != 2 {
		err = fmt.Errorf("%s answers %s: %s", url, response.Status, answer)
	}
	return err
}
