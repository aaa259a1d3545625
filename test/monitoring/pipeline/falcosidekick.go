package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Falcosidekick is a running falcosidekick.
type Falcosidekick struct{ *Process }

// FalcosidekickArgs are what falcosidekick is started with. Outputs without an address are off.
type FalcosidekickArgs struct {
	Stack         *Stack
	Alertmanagers []string
	UI            string // http://<host>:<port>
	Talon         string // http://<host>:<port>
}

// StartFalcosidekick starts one with the environment that its chart makes of the stack's values.
func (l *Lab) StartFalcosidekick(ctx context.Context, a FalcosidekickArgs) (*Falcosidekick, error) {
	env, err := a.env()
	if err != nil {
		return nil, err
	}
	p, err := l.start(ctx, "falcosidekick", nil, func(address string) launch {
		env["LISTENADDRESS"], env["LISTENPORT"], _ = strings.Cut(address, ":")
		var list []string
		for _, name := range slices.Sorted(maps.Keys(env)) {
			list = append(list, name+"="+env[name])
		}
		return launch{env: list, ready: "/ping"}
	})
	return &Falcosidekick{p}, err
}

// env is the environment of falcosidekick's container: templates/secrets.yaml of its chart makes LOKI_HOSTPORT of
// config.loki.hostport, and so on.
func (a FalcosidekickArgs) env() (map[string]string, error) {
	config, err := at[map[string]any](a.Stack, "falco", "falcosidekick", "config")
	if err != nil {
		return nil, err
	}
	env := map[string]string{"CUSTOMTAGS": "", "ALERTMANAGER_EXPIRESAFTER": ""} // the chart sets them, empty
	if err := extraEnv(config, env); err != nil {
		return nil, err
	}
	for section, value := range config {
		fields, nested := value.(map[string]any)
		if section == "extraEnv" {
			continue
		}
		if !nested {
			env[strings.ToUpper(section)] = fmt.Sprint(value)
			continue
		}
		for key, value := range fields {
			if _, more := value.(map[string]any); more {
				continue // the chart's own: dashboards
			}
			if key == "expireafter" {
				key = "expiresafter"
			}
			env[strings.ToUpper(section+"_"+key)] = fmt.Sprint(value)
		}
	}
	env["ALERTMANAGER_HOSTPORT"] = strings.Join(a.Alertmanagers, ",")
	env["WEBUI_URL"], env["TALON_ADDRESS"] = a.UI, a.Talon
	return env, nil
}

// extraEnv adds what config.extraEnv lists, as a container has it.
func extraEnv(config map[string]any, env map[string]string) error {
	list, _ := config["extraEnv"].([]any)
	for _, element := range list {
		variable, _ := element.(map[string]any)
		name, named := variable["name"].(string)
		value, ok := variable["value"].(string)
		if !named || !ok {
			return fmt.Errorf("falcosidekick.config.extraEnv: %v has no name and value", element)
		}
		env[name] = value
	}
	return nil
}
