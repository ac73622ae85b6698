// Command cloud does for the cluster of the tests what a cloud does for one of its own: a volume for every claim,
// and an address for every service of type LoadBalancer.
package main

import (
	"context"
	"flag"
	"log"
	"os/signal"
	"syscall"
	"time"

	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

const resync = 10 * time.Second

func main() {
	kubeconfig := flag.String("kubeconfig", "", "how to reach the cluster")
	volumes := flag.String("volumes", "", "the directory in which volumes are made")
	addresses := flag.String("addresses", "", "the range that services get addresses of, such as 10.0.0.0/24")
	flag.Parse()

	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		log.Fatal(err)
	}
	client := kubernetes.NewForConfigOrDie(config)
	balancer, err := newBalancer(client, *addresses)
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()

	factory := informers.NewSharedInformerFactory(client, resync)
	provisioner := &provisioner{
		client:  client,
		root:    *volumes,
		classes: factory.Storage().V1().StorageClasses().Lister(),
	}
	listen(ctx, factory.Core().V1().PersistentVolumeClaims().Informer(), provisioner.provide)
	listen(ctx, factory.Core().V1().PersistentVolumes().Informer(), provisioner.remove)
	listen(ctx, factory.Core().V1().Services().Informer(), balancer.serve)
	factory.Start(ctx.Done())
	<-ctx.Done()
}

// listen calls work for every object now, whenever one changes, and again after each resync: so what failed is tried
// again. Errors go to the log, because a conflict with another writer is usual and passes.
func listen[T any](ctx context.Context, informer cache.SharedIndexInformer, work func(context.Context, T) error) {
	try := func(object any) {
		if item, fits := object.(T); fits {
			if err := work(ctx, item); err != nil {
				log.Print(err)
			}
		}
	}
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    try,
		UpdateFunc: func(_, object any) { try(object) },
	})
	if err != nil {
		log.Fatal(err)
	}
}
