package controlplane

import (
	"context"
	_ "embed"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	nodestages "sigs.k8s.io/kwok/kustomize/stage/node/fast"
	podstages "sigs.k8s.io/kwok/kustomize/stage/pod/fast"
	"sigs.k8s.io/kwok/pkg/apis/internalversion"
	"sigs.k8s.io/kwok/pkg/client/clientset/versioned"
	"sigs.k8s.io/kwok/pkg/config"
	"sigs.k8s.io/kwok/pkg/kwok/controllers"
	kwoklog "sigs.k8s.io/kwok/pkg/log"
	"sigs.k8s.io/kwok/pkg/utils/client"
)

//go:embed stages/hook-pod-complete.yaml
var hookPodComplete string

// simulated marks the nodes KWOK plays.
const simulated = "kwok.x-k8s.io/node"

// startKWOK plays the kubelets: nodes become Ready, pods run as soon as they are scheduled, and Jobs complete.
func startKWOK(ctx context.Context, dir, kubeconfig string) error {
	log, err := os.Create(filepath.Join(dir, "kwok.log"))
	if err != nil {
		return fmt.Errorf("starting KWOK: %w", err)
	}
	ctx = kwoklog.NewContext(ctx, kwoklog.NewLogger(log, slog.LevelWarn))
	stages := map[internalversion.StageResourceRef][]*internalversion.Stage{}
	for _, text := range []string{
		nodestages.DefaultNodeInit, podstages.DefaultPodReady, podstages.DefaultPodComplete, podstages.DefaultPodDelete,
		hookPodComplete,
	} {
		stage, err := config.UnmarshalWithType[*internalversion.Stage](text)
		if err != nil {
			return fmt.Errorf("reading KWOK's stages: %w", err)
		}
		stages[stage.Spec.ResourceRef] = append(stages[stage.Spec.ResourceRef], stage)
	}
	clients, err := client.NewClientset("", kubeconfig)
	if err != nil {
		return fmt.Errorf("starting KWOK: %w", err)
	}
	restConfig, err := clients.ToRESTConfig()
	if err != nil {
		return fmt.Errorf("starting KWOK: %w", err)
	}
	restConfig.QPS, restConfig.Burst = 500, 1000
	mapper, mapperErr := clients.ToRESTMapper()
	dynamic, dynamicErr := clients.ToDynamicClient()
	restClient, restErr := rest.RESTClientFor(restConfig)
	for _, err := range []error{mapperErr, dynamicErr, restErr} {
		if err != nil {
			return fmt.Errorf("starting KWOK: %w", err)
		}
	}
	typed, err := kubernetes.NewForConfig(restConfig)
	if err != nil {
		return fmt.Errorf("starting KWOK: %w", err)
	}
	kwok, err := versioned.NewForConfig(restConfig)
	if err != nil {
		return fmt.Errorf("starting KWOK: %w", err)
	}
	controller, err := controllers.NewController(controllers.Config{
		Clock: clock.RealClock{}, DynamicClient: dynamic, RESTClient: restClient, RESTMapper: mapper,
		ImpersonatingDynamicClient: clients.ToImpersonatingDynamicClient(),
		ImpersonatingTypedClient:   clients.ToImpersonatingTypedClient(),
		TypedClient:                typed, TypedKwokClient: kwok,
		ManageNodesWithAnnotationSelector: simulated + "=fake",
		CIDR:                              "10.244.0.1/16", NodeIP: "10.110.0.1", NodePort: 10250,
		PodPlayStageParallelism: 4, NodePlayStageParallelism: 2, NodeLeaseParallelism: 2, PodsOnNodeSyncParallelism: 2,
		NodeLeaseDurationSeconds: 40, EnablePodsOnNodeSyncStreamWatch: true,
		LocalStages: stages, ID: "rehearsal",
	})
	if err != nil {
		return fmt.Errorf("starting KWOK: %w", err)
	}
	if err := controller.Start(ctx); err != nil {
		return fmt.Errorf("starting KWOK: %w", err)
	}
	return nil
}
