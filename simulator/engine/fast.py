from simulator.engine.core import ReferenceCore
class EngineCore(ReferenceCore):
    pass
