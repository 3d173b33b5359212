"""What the kernels give."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.floating]
Valid = npt.NDArray[np.bool_]
