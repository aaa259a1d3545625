package charts

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// logins is the file that `helm registry login` and `docker login` write.
type logins struct {
	Auths map[string]struct {
		Auth string `json:"auth"` // user:password in base64; empty when a helper keeps it
	} `json:"auths"`
	CredsStore  string            `json:"credsStore"`
	CredHelpers map[string]string `json:"credHelpers"` // by host
}

// findLogin looks up the login of a registry where Helm does: in its own file, then in Docker's. nil: there is none.
func findLogin(host string) (*login, error) {
	for _, name := range loginFiles() {
		text, err := os.ReadFile(name)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		var known logins
		if err == nil {
			err = json.Unmarshal(text, &known)
		}
		if err != nil {
			return nil, fmt.Errorf("reading the logins of registries: %w", err)
		}
		if found, err := known.of(host); found != nil || err != nil {
			return found, err
		}
	}
	return nil, nil
}

func loginFiles() []string {
	home, _ := os.UserHomeDir() // without one, only what variables name
	config, _ := os.UserConfigDir()
	if runtime.GOOS == "darwin" && os.Getenv("XDG_CONFIG_HOME") == "" {
		config = filepath.Join(home, "Library", "Preferences") // where Helm keeps it
	}
	first := func(candidates ...string) string {
		for _, c := range candidates {
			if c != "" {
				return c
			}
		}
		return ""
	}
	helm := first(os.Getenv("HELM_REGISTRY_CONFIG"), join(os.Getenv("HELM_CONFIG_HOME"), "registry", "config.json"),
		join(config, "helm", "registry", "config.json"))
	docker := first(join(os.Getenv("DOCKER_CONFIG"), "config.json"), join(home, ".docker", "config.json"))
	return []string{helm, docker}
}

// join is empty when dir is.
func join(dir string, below ...string) string {
	if dir == "" {
		return ""
	}
	return filepath.Join(append([]string{dir}, below...)...)
}

func (l logins) of(host string) (*login, error) {
	if l.Auths[host].Auth != "" {
		text, err := base64.StdEncoding.DecodeString(l.Auths[host].Auth)
		user, password, ok := strings.Cut(string(text), ":")
		if err != nil || !ok {
			return nil, fmt.Errorf("the login of %s cannot be read; helm registry login %s", host, host)
		}
		return &login{user, password}, nil
	}
	helper := l.CredHelpers[host]
	if _, known := l.Auths[host]; helper == "" && known {
		helper = l.CredsStore
	}
	if helper == "" {
		return nil, nil
	}
	// https://docs.docker.com/reference/cli/docker/login/#credential-helper-protocol
	command := exec.Command("docker-credential-"+filepath.Base(helper), "get") //nolint:gosec // as Helm and Docker run it
	command.Stdin = strings.NewReader(host)
	var stdout bytes.Buffer
	command.Stdout = &stdout
	var answer struct{ Username, Secret string }
	err := command.Run()
	if err == nil {
		err = json.Unmarshal(stdout.Bytes(), &answer)
	}
	if err != nil {
		helper = filepath.Base(command.Path)
		return nil, fmt.Errorf("the login of %s, from %s: %w; helm registry login %s", host, helper, err, host)
	}
	return &login{answer.Username, answer.Secret}, nil
}
