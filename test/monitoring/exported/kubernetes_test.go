package exported_test

import (
	"context"
	"errors"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"doks-security/test/controlplane"
	"doks-security/test/controlplane/controlplanetest"
	"doks-security/test/monitoring/pipeline"
)

// ofKubeStateMetrics lists a cluster. Metrics without an object have no labels.
func ofKubeStateMetrics(t *testing.T, l *pipeline.Lab) (scrape, error) {
	if _, err := l.File(t.Context(), "kube-state-metrics"); err != nil {
		return nil, err
	}
	plane := controlplanetest.Start(t)
	node := controlplane.Node{Name: "a", ID: "1", CPU: resource.MustParse("4"), Memory: resource.MustParse("8Gi")}
	if err := plane.SetNodes(t.Context(), []controlplane.Node{node}); err != nil {
		return nil, err
	}
	if err := createWorkloads(t.Context(), plane.Client()); err != nil {
		return nil, err
	}
	objects, itself, err := l.StartKubeStateMetrics(t.Context(), render(t), plane.Kubeconfig())
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) ([]byte, error) {
		text, err := objects.Metrics(ctx)
		if err != nil {
			return nil, err
		}
		own, err := itself.Metrics(ctx)
		return append(text, own...), err
	}, nil
}

// createWorkloads creates a Deployment with an autoscaler, a StatefulSet with a volume, a Job, and what bounds them.
func createWorkloads(ctx context.Context, client kubernetes.Interface) error {
	named := metav1.ObjectMeta{Name: "a", Namespace: "default", Labels: map[string]string{"app": "a"}}
	selector := &metav1.LabelSelector{MatchLabels: named.Labels}
	one := corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("1"), corev1.ResourceMemory: resource.MustParse("1Gi")}
	template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: named.Labels},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "a", Image: "example.org/a:1",
			Resources: corev1.ResourceRequirements{Limits: one}}}}}
	once := *template.DeepCopy()
	once.Spec.RestartPolicy = corev1.RestartPolicyNever
	claim := corev1.PersistentVolumeClaim{ObjectMeta: named, Spec: corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources: corev1.VolumeResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")},
		},
	}}
	apps, options := client.AppsV1(), metav1.CreateOptions{}
	_, deployment := apps.Deployments("default").Create(ctx, &appsv1.Deployment{
		ObjectMeta: named, Spec: appsv1.DeploymentSpec{Selector: selector, Template: template},
	}, options)
	_, statefulSet := apps.StatefulSets("default").Create(ctx, &appsv1.StatefulSet{
		ObjectMeta: named, Spec: appsv1.StatefulSetSpec{Selector: selector, Template: template,
			VolumeClaimTemplates: []corev1.PersistentVolumeClaim{claim}},
	}, options)
	_, job := client.BatchV1().Jobs("default").Create(ctx, &batchv1.Job{
		ObjectMeta: named, Spec: batchv1.JobSpec{Template: once}}, options)
	_, scaler := client.AutoscalingV2().HorizontalPodAutoscalers("default").Create(ctx,
		&autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: named, Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "a"},
			MaxReplicas:    2,
		}}, options)
	_, budget := client.PolicyV1().PodDisruptionBudgets("default").Create(ctx, &policyv1.PodDisruptionBudget{
		ObjectMeta: named, Spec: policyv1.PodDisruptionBudgetSpec{Selector: selector}}, options)
	_, quota := client.CoreV1().ResourceQuotas("default").Create(ctx, &corev1.ResourceQuota{
		ObjectMeta: named, Spec: corev1.ResourceQuotaSpec{Hard: one}}, options)
	return errors.Join(deployment, statefulSet, job, scaler, budget, quota)
}

func ofAPIServer(t *testing.T, _ *pipeline.Lab) (scrape, error) {
	plane := controlplanetest.Start(t)
	return plane.Client().Discovery().RESTClient().Get().AbsPath("/metrics").DoRaw, nil
}
