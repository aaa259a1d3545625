package drill

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"

	"doks-security/test/rehearse"
)

// settleTime is for what a command does not wait for: pods that controllers replace.
const settleTime = time.Minute

// settled waits until all releases are deployed and all pods are there and ready.
func settled(ctx context.Context, client kubernetes.Interface) error {
	for deadline := time.Now().Add(settleTime); ; time.Sleep(200 * time.Millisecond) {
		missing, err := unsettled(ctx, client)
		if err != nil || len(missing) == 0 {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not within %s: %s", settleTime, strings.Join(missing, "; "))
		}
	}
}

func unsettled(ctx context.Context, client kubernetes.Interface) ([]string, error) {
	all := metav1.ListOptions{}
	var missing []string
	secrets, err := client.CoreV1().Secrets("").List(ctx, metav1.ListOptions{LabelSelector: "owner=helm"})
	if err != nil {
		return nil, err
	}
	for name, status := range releases(secrets.Items) {
		if status != "deployed" {
			missing = append(missing, "release "+name+" is "+status)
		}
	}
	deployments, err := client.AppsV1().Deployments("").List(ctx, all)
	if err != nil {
		return nil, err
	}
	for _, d := range deployments.Items {
		if want := max(1, ptr.Deref(d.Spec.Replicas, 1)); d.Status.ReadyReplicas < want ||
			d.Status.ObservedGeneration < d.Generation {
			missing = append(missing, fmt.Sprintf("Deployment %s/%s has %d of %d pods", d.Namespace, d.Name,
				d.Status.ReadyReplicas, want))
		}
	}
	sets, err := client.AppsV1().StatefulSets("").List(ctx, all)
	if err != nil {
		return nil, err
	}
	for _, s := range sets.Items {
		if !ready(s) {
			missing = append(missing, fmt.Sprintf("StatefulSet %s/%s has %d pods", s.Namespace, s.Name, s.Status.ReadyReplicas))
		}
	}
	pods, err := client.CoreV1().Pods("").List(ctx, all)
	if err != nil {
		return nil, err
	}
	for _, p := range pods.Items {
		if p.Status.Phase != corev1.PodRunning && p.Status.Phase != corev1.PodSucceeded || p.DeletionTimestamp != nil {
			missing = append(missing, fmt.Sprintf("pod %s/%s is %s", p.Namespace, p.Name, p.Status.Phase))
		}
	}
	return missing, nil
}

func ready(s appsv1.StatefulSet) bool {
	return s.Status.ReadyReplicas >= max(1, ptr.Deref(s.Spec.Replicas, 1)) && s.Status.ObservedGeneration >= s.Generation
}

// releases gives the status of the newest revision of each.
func releases(secrets []corev1.Secret) map[string]string {
	newest, status := map[string]int{}, map[string]string{}
	for _, s := range secrets {
		name, revision := s.Namespace+"/"+s.Labels["name"], 0
		if _, err := fmt.Sscan(s.Labels["version"], &revision); err == nil && revision > newest[name] {
			newest[name], status[name] = revision, s.Labels["status"]
		}
	}
	return status
}

// exportedState is what pulumi stack export prints.
type exportedState struct {
	Deployment apitype.DeploymentV3 `json:"deployment"`
}

// stateOf lists what an exported state holds, by URN: resources, and operations that a killed run has not ended.
func stateOf(exported string) (resources, pending []string, err error) {
	var state exportedState
	if err := json.Unmarshal([]byte(exported), &state); err != nil {
		return nil, nil, fmt.Errorf("reading the state: %w", err)
	}
	for _, r := range state.Deployment.Resources {
		resources = append(resources, string(r.URN))
	}
	for _, p := range state.Deployment.PendingOperations {
		pending = append(pending, string(p.Type)+" "+string(p.Resource.URN))
	}
	return resources, pending, nil
}

// nothingLeft says what a destroyed stack left: in the account, in the state, on this machine.
func nothingLeft(s *rehearse.Session, exported string) error {
	left := s.Account().Leftovers()
	resources, pending, err := stateOf(exported)
	if err != nil {
		return err
	}
	left = slices.Concat(left, resources, pending)
	processes, err := rehearse.Processes(s.Dir())
	if err == nil { // else this system does not list them
		processes = slices.DeleteFunc(processes,
			func(line string) bool { return strings.HasPrefix(line, fmt.Sprint(os.Getpid(), " ")) })
		left = append(left, processes...)
	}
	if len(left) > 0 {
		return fmt.Errorf("left: %s", strings.Join(left, "; "))
	}
	return nil
}
