"""Where each condition is provoked on a real cluster, recognised, and mended by its own advice.

``test_conditions.py`` holds that no condition is missing here, and that each test named here looks for it. What a
test cannot have on one machine is done by hand in the API, as the one who is missing would leave it: the kinds of
cert-manager without cert-manager, a node without a machine, a disk without its driver, an ingress without its
controller.
"""

from __future__ import annotations

from collections.abc import Mapping

PROVOKED: Mapping[str, tuple[str, ...]] = {
    # a variable from a ConfigMap of the hub, and from a Secret of a server
    "H01": (
        "test_a_config_map_an_account_and_a_release_without_its_objects",
        "test_objects_that_are_missing",
    ),
    # a scheduler whose account is not there
    "H02": ("test_a_config_map_an_account_and_a_release_without_its_objects",),
    # a server that mounts a claim which nobody made
    "H03": ("test_objects_that_are_missing",),
    # a storage class that is not there
    "H04": ("test_objects_that_are_missing",),
    # a volume that no node of this zone can have
    "H05": ("test_nodes_that_do_not_suit",),
    # a registry whose name does not exist
    "H06": ("test_servers_that_start_and_end",),
    # 4096 cores
    "H07": ("test_nodes_that_do_not_suit",),
    # a label that no node has, of a server made by hand and of one that the hub makes
    "H08": ("test_nodes_that_do_not_suit", "test_what_a_hub_trips_over"),
    # a tainted node
    "H09": ("test_nodes_that_do_not_suit",),
    # the real chart with an extraConfig that raises
    "H10": ("test_what_a_configuration_does_wrong",),
    # the real chart: a callback of another host; an answer of the login's provider; a cookie that is lost
    "H11": ("test_what_a_configuration_does_wrong", "test_what_people_meet_who_log_in"),
    # the real chart: no setting that lets anybody in; one that leaves out who tries
    "H12": ("test_what_a_configuration_does_wrong", "test_what_people_meet_who_log_in"),
    # a secret that nobody makes; an issuer that is not there; a challenge that fails; the real chart's own proxy
    "H13": (
        "test_a_certificate_of_the_charts_own_proxy",
        "test_an_ingress_without_controller_certificate_and_domain",
        "test_a_certificate_without_an_issuer_and_one_whose_challenge_fails",
    ),
    # a name that leads to this machine, and an entrance that is elsewhere
    "H14": (
        "test_an_ingress_without_controller_certificate_and_domain",
        "test_a_certificate_of_the_charts_own_proxy",
    ),
    # a service that selects nothing; the real chart with two tokens for its proxy
    "H15": (
        "test_a_service_that_leads_to_nothing_and_a_hub_that_is_turned_off",
        "test_what_a_hub_trips_over",
    ),
    # the real chart, its database locked by another pod
    "H16": ("test_what_a_hub_trips_over",),
    # a claim that another pod has for itself alone; a disk that is attached to a node which died
    "H17": ("test_a_volume_that_another_pod_holds", "test_a_disk_that_another_node_holds"),
    # a policy that lets nothing in
    "H18": ("test_a_policy_that_shuts_everything",),
    # a home of one mebibyte
    "H19": ("test_servers_that_start_and_end",),
    # a home that root copied
    "H20": ("test_servers_that_start_and_end",),
    # a working directory below a file
    "H21": ("test_servers_that_start_and_end",),
    # the real chart with ten seconds for a start, and no node
    "H22": ("test_what_a_hub_trips_over",),
    # the real chart, its culler off
    "H23": ("test_what_a_configuration_does_wrong",),
    # a quota of no pods
    "H24": ("test_a_quota_that_is_used_up",),
    # 256 MiB where 64 are allowed
    "H25": ("test_servers_that_start_and_end",),
    # an ingress class that is not there
    "H26": ("test_an_ingress_without_controller_certificate_and_domain",),
    # Helm's own releases: an upgrade and an installation that failed, an upgrade that was cut off
    "H27": ("test_an_upgrade_that_failed_and_one_that_was_cut_off", "test_an_installation_that_failed"),
    # a command that the image does not have
    "H28": ("test_servers_that_start_and_end",),
    # a node that goes silent; a server that fills a disk
    "H29": ("test_a_node_that_dies_and_a_server_that_is_put_out",),
    # a hub that is turned off
    "H30": ("test_a_service_that_leads_to_nothing_and_a_hub_that_is_turned_off",),
}
