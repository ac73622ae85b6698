package main

import (
	"context"
	"fmt"
	"net/netip"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// balancer gives addresses to services. That they are reached is kube-proxy's work: it translates an address of a
// service's status like any other of the service's addresses.
type balancer struct {
	client    kubernetes.Interface
	addresses netip.Prefix
}

func newBalancer(client kubernetes.Interface, addresses string) (*balancer, error) {
	prefix, err := netip.ParsePrefix(addresses)
	if err != nil {
		return nil, err
	}
	return &balancer{client: client, addresses: prefix.Masked()}, nil
}

// serve gives a service of type LoadBalancer its address.
func (b *balancer) serve(ctx context.Context, service *core.Service) error {
	if service.Spec.Type != core.ServiceTypeLoadBalancer || len(service.Status.LoadBalancer.Ingress) > 0 {
		return nil
	}
	address, err := b.free(ctx)
	if err != nil {
		return err
	}
	changed := service.DeepCopy()
	changed.Status.LoadBalancer.Ingress = []core.LoadBalancerIngress{{IP: address}}
	_, err = b.client.CoreV1().Services(service.Namespace).UpdateStatus(ctx, changed, meta.UpdateOptions{})
	if errors.IsConflict(err) || errors.IsNotFound(err) {
		return nil
	}
	return err
}

// free returns the first address that no service has. The services are asked for anew, because those that the
// informer knows may be older than the address given last.
func (b *balancer) free(ctx context.Context) (string, error) {
	services, err := b.client.CoreV1().Services("").List(ctx, meta.ListOptions{})
	if err != nil {
		return "", err
	}
	taken := map[string]bool{}
	for _, service := range services.Items {
		for _, ingress := range service.Status.LoadBalancer.Ingress {
			taken[ingress.IP] = true
		}
	}
	for address := b.addresses.Addr().Next(); b.addresses.Contains(address.Next()); address = address.Next() {
		if !taken[address.String()] {
			return address.String(), nil
		}
	}
	return "", fmt.Errorf("every address of %s is taken", b.addresses)
}
