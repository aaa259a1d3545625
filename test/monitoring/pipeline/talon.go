package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"strings"
)

// TalonArgs are what Falco Talon is started with.
type TalonArgs struct {
	Stack      *Stack
	Kubeconfig string // a file
	Rules      string // default: those of the stack
}

// StartTalon starts one with the configuration that its chart makes of the stack's values. Its NATS server listens on
// port 4222, which no setting changes: one runs at a time.
func (l *Lab) StartTalon(ctx context.Context, a TalonArgs) (*Process, error) {
	rules, err := at[string](a.Stack, "falco-talon", "config", "rulesOverride")
	if err != nil {
		return nil, err
	}
	notifiers, err := at[[]any](a.Stack, "falco-talon", "config", "defaultNotifiers")
	if err != nil {
		return nil, err
	}
	all, err := a.Stack.Values("falco-talon")
	if err != nil {
		return nil, err
	}
	env := map[string]string{}
	if err := extraEnv(all, env); err != nil {
		return nil, err
	}
	config := fmt.Sprintf("kubeconfig: %s\ndefault_notifiers: %v\n", a.Kubeconfig, notifiers)
	files := map[string]string{"config.yaml": config, "rules.yaml": cmp.Or(a.Rules, rules)}
	return l.start(ctx, "falco-talon", files, func(address string) launch {
		host, port, _ := strings.Cut(address, ":")
		list := []string{"LISTEN_ADDRESS=" + host, "LISTEN_PORT=" + port, "TMPDIR=."} // of NATS' store
		for name, value := range env {
			list = append(list, name+"="+value)
		}
		return launch{ready: "/healthz", env: list, args: []string{"server", "-c", "config.yaml", "-r", "rules.yaml"}}
	})
}
