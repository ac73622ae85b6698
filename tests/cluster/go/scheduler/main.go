// Command scheduler is the scheduler of the version that the charts of JupyterHub name: their roles allow what that
// version asks for, and a newer one would wait for ever for what they do not allow.
package main

import (
	"os"

	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-scheduler/app"
)

func main() {
	os.Exit(cli.Run(app.NewSchedulerCommand()))
}
