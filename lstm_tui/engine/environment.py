"""The environment that TensorFlow must find when it is imported; afterwards it looks no more.

Standard library only, and nothing is imported or changed here: the caller hands the variables to a child
(`spawn`) or puts them in place before a headless run imports Keras (`local`).
"""

from __future__ import annotations

from lstm_tui.engine.options import EngineOptions

#: On a training server a debugger must not touch a card: each vendor's variable for "no devices".
_NO_GPUS = {"CUDA_VISIBLE_DEVICES": "-1", "HIP_VISIBLE_DEVICES": "-1"}
#: Where the user asked for a GPU, others may be training on it: take memory as needed, not all at once.
_SHARED_GPU = {"TF_FORCE_GPU_ALLOW_GROWTH": "true"}


def tensorflow_environment(options: EngineOptions) -> dict[str, str]:
    """Variables to set before TensorFlow is imported: devices, threads, backend, and a short log."""
    threads = str(max(1, options.threads))
    return {
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "TF_NUM_INTRAOP_THREADS": threads,
        "TF_NUM_INTEROP_THREADS": threads,
        "OMP_NUM_THREADS": threads,
        # NumPy's own linear algebra is not what takes time here, and a host that forks must have one thread.
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        **(_SHARED_GPU if options.gpu else _NO_GPUS),
    }
