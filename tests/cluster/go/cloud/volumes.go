package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	core "k8s.io/api/core/v1"
	storage "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	listers "k8s.io/client-go/listers/storage/v1"
)

// name is what storage classes call this provisioner; volumes carry it in the usual annotation.
const (
	name          = "takeout.test/directories"
	madeBy        = "pv.kubernetes.io/provisioned-by"
	chosenNode    = "volume.kubernetes.io/selected-node"
	everyoneMayDo = 0o777 // like other provisioners of directories: the kubelet does not apply fsGroup to them
)

// provisioner makes a directory for each claim of a class of its own. The directory is on the one node there is, so
// every access mode is as true as any other.
type provisioner struct {
	client  kubernetes.Interface
	root    string
	classes listers.StorageClassLister
}

// provide makes the volume of a claim that waits for one.
func (p *provisioner) provide(ctx context.Context, claim *core.PersistentVolumeClaim) error {
	if claim.Status.Phase != core.ClaimPending || claim.Spec.VolumeName != "" || claim.DeletionTimestamp != nil {
		return nil
	}
	if claim.Spec.StorageClassName == nil || claim.Spec.Selector != nil {
		return nil
	}
	class, err := p.classes.Get(*claim.Spec.StorageClassName)
	if err != nil || class.Provisioner != name {
		return nil
	}
	waits := class.VolumeBindingMode != nil && *class.VolumeBindingMode == storage.VolumeBindingWaitForFirstConsumer
	if waits && claim.Annotations[chosenNode] == "" {
		return nil
	}
	volume := p.describe(claim, class)
	if err := makeOpen(volume.Spec.HostPath.Path); err != nil {
		return err
	}
	_, err = p.client.CoreV1().PersistentVolumes().Create(ctx, volume, meta.CreateOptions{})
	if errors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

func (p *provisioner) describe(claim *core.PersistentVolumeClaim, class *storage.StorageClass) *core.PersistentVolume {
	directory := fmt.Sprintf("pvc-%s", claim.UID)
	kind := core.HostPathDirectory
	policy := core.PersistentVolumeReclaimDelete
	if class.ReclaimPolicy != nil {
		policy = *class.ReclaimPolicy
	}
	return &core.PersistentVolume{
		ObjectMeta: meta.ObjectMeta{Name: directory, Annotations: map[string]string{madeBy: name}},
		Spec: core.PersistentVolumeSpec{
			Capacity:                      core.ResourceList{core.ResourceStorage: claim.Spec.Resources.Requests[core.ResourceStorage]},
			AccessModes:                   claim.Spec.AccessModes,
			MountOptions:                  class.MountOptions,
			StorageClassName:              class.Name,
			PersistentVolumeReclaimPolicy: policy,
			PersistentVolumeSource: core.PersistentVolumeSource{
				HostPath: &core.HostPathVolumeSource{Path: filepath.Join(p.root, directory), Type: &kind},
			},
			ClaimRef: &core.ObjectReference{
				APIVersion: "v1",
				Kind:       "PersistentVolumeClaim",
				Namespace:  claim.Namespace,
				Name:       claim.Name,
				UID:        claim.UID,
			},
		},
	}
}

// remove deletes a volume, and what is in it, whose claim is gone.
func (p *provisioner) remove(ctx context.Context, volume *core.PersistentVolume) error {
	if volume.Annotations[madeBy] != name || volume.Status.Phase != core.VolumeReleased {
		return nil
	}
	if volume.Spec.PersistentVolumeReclaimPolicy != core.PersistentVolumeReclaimDelete {
		return nil
	}
	if err := os.RemoveAll(filepath.Join(p.root, volume.Name)); err != nil {
		return err
	}
	err := p.client.CoreV1().PersistentVolumes().Delete(ctx, volume.Name, meta.DeleteOptions{})
	if errors.IsNotFound(err) {
		return nil
	}
	return err
}

// makeOpen makes a directory that everyone may write to, whatever the umask is.
func makeOpen(path string) error {
	if err := os.MkdirAll(path, everyoneMayDo); err != nil {
		return err
	}
	return os.Chmod(path, everyoneMayDo)
}
