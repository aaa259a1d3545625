package controlplane

import (
	"context"
	"fmt"
	"hash/fnv"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	storagelisters "k8s.io/client-go/listers/storage/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
	"k8s.io/utils/ptr"
)

// csiDriver is DigitalOcean's block storage.
const csiDriver = "dobs.csi.digitalocean.com"

// cloud is what acts on Kubernetes objects outside of Kubernetes: DigitalOcean's block storage and load balancers,
// Cilium's Gateways, cert-manager's cainjector.
type cloud struct {
	ctx     context.Context
	client  kubernetes.Interface
	dynamic dynamic.Interface
	ca      []byte // the control plane's, which signs what stands in for webhooks
	live    *Live
	classes storagelisters.StorageClassLister
}

func startCloud(ctx context.Context, client kubernetes.Interface, custom dynamic.Interface, ca []byte,
	live *Live,
) {
	factory := informers.NewSharedInformerFactory(client, 0)
	c := &cloud{ctx: ctx, client: client, dynamic: custom, ca: ca, live: live,
		classes: factory.Storage().V1().StorageClasses().Lister()}
	watch(factory.Core().V1().PersistentVolumeClaims().Informer(), c.provision)
	watch(factory.Core().V1().PersistentVolumes().Informer(), c.reclaim)
	watch(factory.Core().V1().Services().Informer(), c.balance)
	watch(factory.Core().V1().Services().Informer(), c.programGateway)
	watch(factory.Admissionregistration().V1().ValidatingWebhookConfigurations().Informer(), c.injectValidating)
	watch(factory.Admissionregistration().V1().MutatingWebhookConfigurations().Informer(), c.injectMutating)
	factory.Start(ctx.Done())
	c.watchGateways()
}

func watch[T any](informer cache.SharedIndexInformer, handle func(T) error) {
	call := func(o any) {
		typed, ok := o.(T)
		if !ok {
			return
		}
		if err := handle(typed); err != nil && !apierrors.IsAlreadyExists(err) && !apierrors.IsConflict(err) &&
			!apierrors.IsNotFound(err) {
			klog.ErrorS(err, "simulated cloud")
		}
	}
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: call,
		UpdateFunc: func(_, o any) { call(o) }})
	if err != nil {
		klog.ErrorS(err, "simulated cloud")
	}
}

// provision makes a volume for a claim, as soon as the volume binder asks the driver for one.
func (c *cloud) provision(claim *corev1.PersistentVolumeClaim) error {
	if claim.Annotations["volume.kubernetes.io/storage-provisioner"] != csiDriver || claim.Spec.VolumeName != "" ||
		claim.DeletionTimestamp != nil {
		return nil
	}
	class, err := c.classes.Get(ptr.Deref(claim.Spec.StorageClassName, ""))
	if err != nil {
		return err
	}
	name := "pvc-" + string(claim.UID)
	volume := &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: name,
			Annotations: map[string]string{"pv.kubernetes.io/provisioned-by": csiDriver}},
		Spec: corev1.PersistentVolumeSpec{
			Capacity: claim.Spec.Resources.Requests, AccessModes: claim.Spec.AccessModes, VolumeMode: claim.Spec.VolumeMode,
			PersistentVolumeReclaimPolicy: ptr.Deref(class.ReclaimPolicy, corev1.PersistentVolumeReclaimDelete),
			StorageClassName:              class.Name,
			ClaimRef: &corev1.ObjectReference{APIVersion: "v1", Kind: "PersistentVolumeClaim",
				Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID},
			PersistentVolumeSource: corev1.PersistentVolumeSource{CSI: &corev1.CSIPersistentVolumeSource{Driver: csiDriver,
				VolumeHandle: name, FSType: "ext4"}},
		},
	}
	if c.live != nil {
		if err := c.live.place(volume); err != nil {
			return err
		}
	}
	_, err = c.client.CoreV1().PersistentVolumes().Create(c.ctx, volume, metav1.CreateOptions{})
	return err
}

// reclaim deletes a volume whose claim is gone.
func (c *cloud) reclaim(volume *corev1.PersistentVolume) error {
	if volume.Status.Phase != corev1.VolumeReleased ||
		volume.Spec.PersistentVolumeReclaimPolicy != corev1.PersistentVolumeReclaimDelete || volume.DeletionTimestamp != nil {
		return nil
	}
	return c.client.CoreV1().PersistentVolumes().Delete(c.ctx, volume.Name, metav1.DeleteOptions{})
}

// balance gives a load balancer its address, out of a range reserved for documentation.
func (c *cloud) balance(service *corev1.Service) error {
	if service.Spec.Type != corev1.ServiceTypeLoadBalancer || len(service.Status.LoadBalancer.Ingress) > 0 ||
		service.DeletionTimestamp != nil {
		return nil
	}
	hash := fnv.New32a()
	hash.Write([]byte(service.UID))
	service = service.DeepCopy()
	service.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: fmt.Sprintf("203.0.113.%d",
		hash.Sum32()%253+1), IPMode: ptr.To(corev1.LoadBalancerIPModeVIP)}}
	_, err := c.client.CoreV1().Services(service.Namespace).UpdateStatus(c.ctx, service, metav1.UpdateOptions{})
	return err
}

// Volume is a block storage volume.
type Volume struct {
	Name string
	GiB  int
}

// Volumes are what the simulated block storage holds.
func (c *ControlPlane) Volumes(ctx context.Context) ([]Volume, error) {
	list, err := c.client.CoreV1().PersistentVolumes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing volumes: %w", err)
	}
	var volumes []Volume
	for _, v := range list.Items {
		volumes = append(volumes, Volume{Name: v.Name, GiB: int(v.Spec.Capacity.Storage().Value() >> 30)})
	}
	return volumes, nil
}

// LoadBalancer is the load balancer of a Service.
type LoadBalancer struct{ Name, IP string }

// LoadBalancers are those the cluster's Services asked for.
func (c *ControlPlane) LoadBalancers(ctx context.Context) ([]LoadBalancer, error) {
	list, err := c.client.CoreV1().Services("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing load balancers: %w", err)
	}
	var balancers []LoadBalancer
	for _, s := range list.Items {
		if s.Spec.Type == corev1.ServiceTypeLoadBalancer && len(s.Status.LoadBalancer.Ingress) > 0 {
			balancers = append(balancers, LoadBalancer{Name: s.Namespace + "/" + s.Name,
				IP: s.Status.LoadBalancer.Ingress[0].IP})
		}
	}
	return balancers, nil
}
