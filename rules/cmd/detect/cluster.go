package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"doks-security/values"
)

//go:embed suspects.yaml
var suspectsManifest string

// suspects is what is started, with the image of the pinned vcluster chart.
func suspects(namespace string) (string, error) {
	charts, err := values.Charts()
	if err != nil {
		return "", err
	}
	return strings.NewReplacer("NAMESPACE", namespace, "VCLUSTER",
		charts["vcluster"].AppVersion).Replace(suspectsManifest), nil
}

// refuseProduction reads the stack's settings: nothing suspicious is started where people are on call for it.
func refuseProduction(ctx context.Context, stack string) error {
	text, err := output(exec.CommandContext(ctx, "pulumi", "config", "--json", "--stack", stack))
	if err != nil {
		return err
	}
	var settings map[string]struct {
		Value  string
		Object map[string]any `json:"objectValue"`
	}
	if err := json.Unmarshal(text, &settings); err != nil {
		return fmt.Errorf("reading the settings of %s: %w", stack, err)
	}
	object := func(key, field string) any { return settings["doks-security:"+key].Object[field] }
	switch {
	case settings["doks-security:profile"].Value == "prod":
		return fmt.Errorf("stack %s is for production: its profile is prod", stack)
	case object("project", "environment") == "Production":
		return fmt.Errorf("stack %s is for production: project.environment is Production", stack)
	case object("cluster", "protect") == true:
		return fmt.Errorf("stack %s is protected: cluster.protect is true", stack)
	}
	return nil
}

// cluster is reached with the stack's kubeconfig.
type cluster struct {
	dir        string
	kubeconfig string
	forwards   []*exec.Cmd
}

func connect(ctx context.Context, stack string) (*cluster, error) {
	text, err := output(exec.CommandContext(ctx, "pulumi", "stack", "output", "--json", "--show-secrets",
		"--stack", stack))
	if err != nil {
		return nil, err
	}
	var outputs struct {
		Kubeconfig string `json:"kubeconfig"`     // of a cluster of DigitalOcean
		File       string `json:"kubeconfigFile"` // of others: cluster.kubeconfig
	}
	if err := json.Unmarshal(text, &outputs); err != nil {
		return nil, fmt.Errorf("reading the outputs of stack %s: %w", stack, err)
	}
	kubeconfig := []byte(outputs.Kubeconfig)
	if outputs.Kubeconfig == "" {
		if kubeconfig, err = os.ReadFile(outputs.File); err != nil {
			return nil, fmt.Errorf("reading the kubeconfig of stack %s: %w", stack, err)
		}
	}
	dir, err := os.MkdirTemp("", "detect-")
	if err != nil {
		return nil, fmt.Errorf("writing the kubeconfig: %w", err)
	}
	c := &cluster{dir: dir, kubeconfig: filepath.Join(dir, "kubeconfig")}
	if err := os.WriteFile(c.kubeconfig, kubeconfig, 0o600); err != nil {
		c.close()
		return nil, fmt.Errorf("writing the kubeconfig: %w", err)
	}
	return c, nil
}

// namespacesOf are the stack's own namespaces: name by role.
func namespacesOf(ctx context.Context, stack string) (map[string]string, error) {
	text, err := output(exec.CommandContext(ctx, "pulumi", "stack", "output", "namespaces", "--json", "--stack", stack))
	if err != nil {
		return nil, err
	}
	var names map[string]string
	if err := json.Unmarshal(text, &names); err != nil || names["falco"] == "" || names["loki"] == "" {
		return nil, fmt.Errorf("the output namespaces of stack %s is %s, want the names of falco and loki; pulumi up "+
			"--stack %s writes it (%v)",
			stack, bytes.TrimSpace(text), stack, err)
	}
	return names, nil
}

func (c *cluster) close() {
	for _, forward := range c.forwards {
		_ = forward.Process.Kill()
		_ = forward.Wait() // killed: the error says only that
	}
	_ = os.RemoveAll(c.dir)
}

func (c *cluster) kubectl(ctx context.Context, input string, arguments ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, "kubectl", append([]string{"--kubeconfig", c.kubeconfig}, arguments...)...)
	command.Stdin = strings.NewReader(input)
	return output(command)
}

var forwarding = regexp.MustCompile(`^Forwarding from (127\.0\.0\.1:[0-9]+) `)

// portForward returns the URL at which a service is reached until close.
func (c *cluster) portForward(ctx context.Context, namespace, service string, port int) (string, error) {
	command := exec.CommandContext(ctx, "kubectl", "--kubeconfig", c.kubeconfig, "--namespace", namespace, "port-forward",
		"--address", "127.0.0.1", "service/"+service, fmt.Sprintf(":%d", port))
	var stderr bytes.Buffer
	command.Stderr = &stderr
	stdout, err := command.StdoutPipe()
	if err != nil {
		return "", fmt.Errorf("forwarding to %s: %w", service, err)
	}
	if err := command.Start(); err != nil {
		return "", fmt.Errorf("forwarding to %s: %w", service, err)
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if match := forwarding.FindStringSubmatch(lines.Text()); match != nil {
			c.forwards = append(c.forwards, command)
			return "http://" + match[1], nil
		}
	}
	return "", fmt.Errorf("forwarding to %s: %w: %s", service, errors.Join(errors.New("kubectl ended"), command.Wait()),
		stderr.Bytes())
}

// output runs a command; the error has what it wrote to say what is wrong.
func output(command *exec.Cmd) ([]byte, error) {
	var stderr bytes.Buffer
	command.Stderr = &stderr
	text, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", filepath.Base(command.Path), err, stderr.Bytes())
	}
	return text, nil
}
