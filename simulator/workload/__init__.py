"""Requests: one table of columns, readers of trace formats, generators, fitted profiles."""

from simulator.workload.describe import describe
from simulator.workload.generate import draw, generate, synthesize
from simulator.workload.prefix_reuse import PrefixReuse, prefix_reuse
from simulator.workload.profiles import Profile, list_profiles, load_profile
from simulator.workload.readers import TRACE_FORMATS, read_trace
from simulator.workload.sessions import Pause, SessionSpec, ToolCalls
from simulator.workload.spec import EarlyStop, ProfileSpec, ServegenSpec, SyntheticSpec, TraceSpec, WorkloadSpec
from simulator.workload.table import PromptSegments, RequestTable
from simulator.workload.workload import Workload

__all__ = [
    "TRACE_FORMATS",
    "EarlyStop",
    "Pause",
    "PrefixReuse",
    "Profile",
    "ProfileSpec",
    "PromptSegments",
    "RequestTable",
    "ServegenSpec",
    "SessionSpec",
    "SyntheticSpec",
    "ToolCalls",
    "TraceSpec",
    "Workload",
    "WorkloadSpec",
    "describe",
    "draw",
    "generate",
    "list_profiles",
    "load_profile",
    "prefix_reuse",
    "read_trace",
    "synthesize",
]
