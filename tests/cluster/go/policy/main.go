// Command policy makes the network policies of the cluster of the tests hold, on the one node there is, with iptables.
//
// It covers what arrives at a pod from another pod or from outside of the machine, and what a pod sends to pods, to the
// node and to the outside. The node itself reaches every pod, as with other network plugins: the kubelet probes them.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	core "k8s.io/api/core/v1"
	network "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	resync = 30 * time.Second
	gather = 50 * time.Millisecond // changes come in swarms
)

func main() {
	kubeconfig := flag.String("kubeconfig", "", "how to reach the cluster")
	bridge := flag.String("bridge", "", "the interface that the pods hang on")
	flag.Parse()

	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	factory := informers.NewSharedInformerFactory(kubernetes.NewForConfigOrDie(config), resync)
	pods := factory.Core().V1().Pods()
	namespaces := factory.Core().V1().Namespaces()
	policies := factory.Networking().V1().NetworkPolicies()
	changed := make(chan struct{}, 1)
	for _, informer := range []cache.SharedIndexInformer{pods.Informer(), namespaces.Informer(), policies.Informer()} {
		if _, err := informer.AddEventHandler(wake(changed)); err != nil {
			log.Fatal(err)
		}
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())

	look := func() (world, error) {
		everyPod, err := pods.Lister().List(labels.Everything())
		if err != nil {
			return world{}, err
		}
		everyNamespace, err := namespaces.Lister().List(labels.Everything())
		if err != nil {
			return world{}, err
		}
		everyPolicy, err := policies.Lister().List(labels.Everything())
		return newWorld(everyPod, everyNamespace, everyPolicy), err
	}
	follow(ctx, changed, look, *bridge)
}

// follow writes the rules anew after every change, until it is stopped.
func follow(ctx context.Context, changed <-chan struct{}, look func() (world, error), bridge string) {
	var last ruleset
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
			time.Sleep(gather)
		}
		found, err := look()
		if err != nil {
			log.Print(err)
			continue
		}
		rules := found.rules()
		if err := write(rules, last, bridge); err != nil {
			log.Print(err)
			continue
		}
		last = rules
	}
}

// write replaces the rules in one step.
func write(rules, last ruleset, bridge string) error {
	if rules.text == last.text {
		return nil
	}
	if err := run(strings.NewReader(rules.restore(last)), "iptables-restore", "--noflush"); err != nil {
		return err
	}
	for _, hook := range [][]string{{"FORWARD"}, {"INPUT", "-i", bridge}} {
		rule := append(hook, "-j", top)
		if run(nil, "iptables", append([]string{"-C"}, rule...)...) == nil {
			continue
		}
		if err := run(nil, "iptables", append([]string{"-I"}, rule...)...); err != nil {
			return err
		}
	}
	return nil
}

func run(given *strings.Reader, name string, words ...string) error {
	command := exec.Command(name, words...)
	if given != nil {
		command.Stdin = given
	}
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, said)
	}
	return nil
}

func wake(changed chan<- struct{}) cache.ResourceEventHandlerFuncs {
	now := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { now() },
		UpdateFunc: func(any, any) { now() },
		DeleteFunc: func(any) { now() },
	}
}

// world is what the rules follow from.
type world struct {
	pods       []*core.Pod // those that have an address of their own
	namespaces map[string]labels.Set
	policies   []*network.NetworkPolicy
}

func newWorld(pods []*core.Pod, namespaces []*core.Namespace, policies []*network.NetworkPolicy) world {
	found := world{namespaces: map[string]labels.Set{}, policies: policies}
	for _, namespace := range namespaces {
		found.namespaces[namespace.Name] = namespace.Labels
	}
	for _, pod := range pods {
		ended := pod.Status.Phase == core.PodSucceeded || pod.Status.Phase == core.PodFailed
		if pod.Status.PodIP != "" && !pod.Spec.HostNetwork && !ended {
			found.pods = append(found.pods, pod)
		}
	}
	return found
}
