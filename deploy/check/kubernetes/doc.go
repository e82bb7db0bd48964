// Package kubernetes tests what is in deploy/kubernetes: that Kustomize builds it, that Kubernetes has every field of
// it, that the parts fit each other and the configuration, and that a relay runs as the pod says. Nothing of it needs a cluster.
package kubernetes
