"""Turn measured kernels into constants: estimators, held-out errors, files and plots.

Layers of the cost model: L0 data sheet and usual shares; L1 closed forms with fitted constants (``form_fit``); L2 a
smooth correction of their logarithm (``residual_fit``); L3 a row of the user's own table at exactly that shape
(``layered``). Estimators follow scikit-learn: ``__init__`` stores, ``fit(rows)`` learns, fitted names end in ``_``,
``predict(rows)`` gives seconds.
"""

from calibration.fit.classes import kernel_classes
from calibration.fit.form_fit import FormFit
from calibration.fit.held_out import Result, fit_class
from calibration.fit.kernel_class import KernelClass
from calibration.fit.layered import LayeredModel
from calibration.fit.residual_fit import ResidualFit

__all__ = ["FormFit", "KernelClass", "LayeredModel", "ResidualFit", "Result", "fit_class", "kernel_classes"]
