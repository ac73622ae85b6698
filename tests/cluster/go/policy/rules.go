package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	core "k8s.io/api/core/v1"
	network "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

const (
	prefix = "TAKEOUT-TEST-"
	top    = prefix + "POLICY"
)

// ruleset is what iptables is to hold: the chains, and their rules in one text.
type ruleset struct {
	chains []string
	text   string
}

// restore returns what iptables-restore reads; chains of the ruleset before that are no more are removed.
func (r ruleset) restore(last ruleset) string {
	lines := []string{"*filter"}
	var gone []string
	for _, chain := range r.chains {
		lines = append(lines, ":"+chain+" - [0:0]")
	}
	for _, chain := range last.chains {
		if !slices.Contains(r.chains, chain) {
			lines = append(lines, ":"+chain+" - [0:0]")
			gone = append(gone, "-X "+chain)
		}
	}
	lines = append(lines, r.text)
	return strings.Join(append(lines, append(gone, "COMMIT", "")...), "\n")
}

// rules returns the rules for every pod that a policy selects. Each direction has its own chain, which returns for
// what is allowed and ends with a drop: so a packet between two pods passes the sender's chain and then the receiver's.
func (w world) rules() ruleset {
	chains := []string{top}
	heads := []string{"-A " + top + " -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN"}
	var bodies []string
	for _, direction := range []network.PolicyType{network.PolicyTypeEgress, network.PolicyTypeIngress} {
		for _, pod := range w.pods {
			selecting := w.selecting(pod, direction)
			if len(selecting) == 0 {
				continue
			}
			own, letter := "-d", "I-"
			if direction == network.PolicyTypeEgress {
				own, letter = "-s", "E-"
			}
			chain := prefix + letter + strings.ReplaceAll(pod.Status.PodIP, ".", "-")
			chains = append(chains, chain)
			heads = append(heads, fmt.Sprintf("-A %s %s %s -j %s", top, own, pod.Status.PodIP, chain))
			for _, policy := range selecting {
				for _, match := range w.allowed(pod, policy, direction) {
					bodies = append(bodies, strings.TrimSpace("-A "+chain+" "+match)+" -j RETURN")
				}
			}
			bodies = append(bodies, "-A "+chain+" -j DROP")
		}
	}
	slices.Sort(chains)
	slices.Sort(heads[1:]) // as the informers list pods in no order, and equal rules are not written again
	return ruleset{chains: chains, text: strings.Join(append(heads, bodies...), "\n")}
}

// selecting returns the policies that isolate a pod in a direction.
func (w world) selecting(pod *core.Pod, direction network.PolicyType) []*network.NetworkPolicy {
	var found []*network.NetworkPolicy
	for _, policy := range w.policies {
		here := policy.Namespace == pod.Namespace && slices.Contains(policy.Spec.PolicyTypes, direction)
		if here && selects(&policy.Spec.PodSelector, pod.Labels) {
			found = append(found, policy)
		}
	}
	slices.SortFunc(found, func(a, b *network.NetworkPolicy) int { return strings.Compare(a.Name, b.Name) })
	return found
}

// allowed returns the matches of the packets that a policy allows a pod.
func (w world) allowed(pod *core.Pod, policy *network.NetworkPolicy, direction network.PolicyType) []string {
	var matches []string
	if direction == network.PolicyTypeIngress {
		for _, rule := range policy.Spec.Ingress {
			for _, from := range w.ends(policy.Namespace, rule.From) {
				matches = append(matches, cross("-s", from.address, ports(rule.Ports, pod))...)
			}
		}
		return matches
	}
	for _, rule := range policy.Spec.Egress {
		for _, to := range w.ends(policy.Namespace, rule.To) {
			matches = append(matches, cross("-d", to.address, ports(rule.Ports, to.pod))...)
		}
	}
	return matches
}

// end is where a packet comes from or goes to: a pod, or a range of addresses.
type end struct {
	address string // empty for everywhere
	pod     *core.Pod
}

func (w world) ends(namespace string, peers []network.NetworkPolicyPeer) []end {
	if len(peers) == 0 {
		return []end{{}}
	}
	var found []end
	for _, peer := range peers {
		if peer.IPBlock != nil {
			for _, block := range blocks(peer.IPBlock) {
				found = append(found, end{address: block.String()})
			}
			continue
		}
		for _, pod := range w.pods {
			if w.isPeer(namespace, peer, pod) {
				found = append(found, end{address: pod.Status.PodIP, pod: pod})
			}
		}
	}
	return found
}

func (w world) isPeer(namespace string, peer network.NetworkPolicyPeer, pod *core.Pod) bool {
	if peer.NamespaceSelector == nil {
		if pod.Namespace != namespace {
			return false
		}
	} else if !selects(peer.NamespaceSelector, w.namespaces[pod.Namespace]) {
		return false
	}
	return peer.PodSelector == nil || selects(peer.PodSelector, pod.Labels)
}

func selects(selector *meta.LabelSelector, set labels.Set) bool {
	compiled, err := meta.LabelSelectorAsSelector(selector)
	return err == nil && compiled.Matches(set)
}

// cross joins an address with each of some ports.
func cross(flag, address string, ports []string) []string {
	var matches []string
	for _, port := range ports {
		if address != "" {
			port = strings.TrimSpace(flag + " " + address + " " + port)
		}
		matches = append(matches, port)
	}
	return matches
}

// ports returns the matches of a rule's ports; a name means a port of the pod that receives.
func ports(asked []network.NetworkPolicyPort, receiver *core.Pod) []string {
	if len(asked) == 0 {
		return []string{""}
	}
	var matches []string
	for _, port := range asked {
		protocol := core.ProtocolTCP
		if port.Protocol != nil {
			protocol = *port.Protocol
		}
		match := "-p " + strings.ToLower(string(protocol))
		switch {
		case port.Port == nil:
			matches = append(matches, match)
		case port.Port.Type == intstr.Int && port.EndPort != nil:
			matches = append(matches, fmt.Sprintf("%s --dport %d:%d", match, port.Port.IntVal, *port.EndPort))
		case port.Port.Type == intstr.Int:
			matches = append(matches, fmt.Sprintf("%s --dport %d", match, port.Port.IntVal))
		default:
			for _, number := range named(receiver, port.Port.StrVal, protocol) {
				matches = append(matches, fmt.Sprintf("%s --dport %d", match, number))
			}
		}
	}
	return matches
}

func named(pod *core.Pod, name string, protocol core.Protocol) []int32 {
	var numbers []int32
	if pod == nil {
		return nil
	}
	for _, container := range pod.Spec.Containers {
		for _, port := range container.Ports {
			if port.Name == name && port.Protocol == protocol {
				numbers = append(numbers, port.ContainerPort)
			}
		}
	}
	return numbers
}

// blocks returns the ranges that a block covers without what it leaves out. Addresses of the other family match
// nothing: the cluster has none.
func blocks(block *network.IPBlock) []netip.Prefix {
	whole, err := netip.ParsePrefix(block.CIDR)
	if err != nil || !whole.Addr().Is4() {
		return nil
	}
	var except []netip.Prefix
	for _, text := range block.Except {
		if part, err := netip.ParsePrefix(text); err == nil {
			except = append(except, part.Masked())
		}
	}
	return subtract(whole.Masked(), except)
}

func subtract(whole netip.Prefix, except []netip.Prefix) []netip.Prefix {
	touched := false
	for _, part := range except {
		if part.Bits() <= whole.Bits() && part.Contains(whole.Addr()) {
			return nil
		}
		touched = touched || whole.Overlaps(part)
	}
	if !touched {
		return []netip.Prefix{whole}
	}
	bits := whole.Bits() + 1
	low := netip.PrefixFrom(whole.Addr(), bits)
	upper := whole.Addr().As4()
	upper[(bits-1)/8] |= 1 << (7 - (bits-1)%8)
	high := netip.PrefixFrom(netip.AddrFrom4(upper), bits)
	return append(subtract(low, except), subtract(high, except)...)
}
