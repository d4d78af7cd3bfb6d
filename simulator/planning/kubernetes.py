"""The fleet as Helm values in the layout of llm-d's ``llm-d-modelservice`` chart (github.com/llm-d-incubation).

``decode`` is the chart's name for the pods that serve; without disaggregation they do prefill too, and ``prefill`` is
off. Images, storage and tokens are the cluster's business; only what the plan decides is written.
"""

from __future__ import annotations

from typing import Any

from simulator.hardware.profile import HardwareProfile
from simulator.models.catalog import own_model_folder
from simulator.planning.fleets import Fleet
from simulator.planning.launch import served_model, vllm_arguments

_RESOURCES = {
    ("gpu", "NVIDIA"): "nvidia.com/gpu",
    ("gpu", "AMD"): "amd.com/gpu",
    ("gaudi", "Intel"): "habana.ai/gaudi",
    ("tpu", "Google"): "google.com/tpu",
    ("trainium", "AWS"): "aws.amazon.com/neuron",
}
"""Kind and vendor of a device -> the resource its device plugin offers."""

HEAD = """\
# Values for the llm-d-modelservice Helm chart: {replicas} replicas of {model}, {devices} x {hardware} each.
# {active} of them carry the design rate of {design:.4g} requests/s. Set image, storage and tokens to your cluster's.
"""


def values_yaml(fleet: Fleet, device: HardwareProfile) -> str:
    """A values file; pods ask for the resource that the device's plugin offers, where it has one."""
    import yaml

    scenario, parallel = fleet.scenario, fleet.configuration.tensor_parallel_size
    folder, resource = own_model_folder(scenario.model), _RESOURCES.get((device.kind, device.vendor))
    model = served_model(scenario) if folder is None else folder.name
    # A model of the user's own is on no hub: pods load it from a volume that he fills.
    artifacts = f"hf://{model}" if folder is None else f"pvc://models/{model}"
    devices = {} if resource is None else {resource: str(parallel)}
    arguments = [word for pair in vllm_arguments(fleet) for word in pair if word is not None]
    content: dict[str, Any] = {
        "multinode": False,
        "modelArtifacts": {"uri": artifacts, "name": model},
        "routing": {"servicePort": 8000},
        "decode": {
            "create": True,
            "replicas": fleet.replicas,
            "parallelism": {"tensor": parallel},
            "containers": [
                {
                    "name": "vllm",
                    "modelCommand": "vllmServe",
                    "args": arguments,
                    "resources": {"limits": devices, "requests": dict(devices)},
                    "mountModelVolume": True,
                }
            ],
        },
        "prefill": {"create": False},
    }
    head = HEAD.format(
        replicas=fleet.replicas,
        model=model,
        devices=parallel,
        hardware=fleet.row.prospect.device,
        active=fleet.active,
        design=fleet.brief.rates.design,
    )
    return head + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)
