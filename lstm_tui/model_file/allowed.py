"""What a model file may ask Keras to build: an allow-list of Keras' own classes and functions.

Keras' `safe_mode` lists what is forbidden and is mended release by release; this lists what is allowed. What
is not here is named to the user and not loaded unless he says so. A class newer than this list is refused
too: a test compares the list with the installed Keras, so that whoever raises the version decides about each
new name.

Left out on purpose: `Lambda` (Python code in the file), `TFSMLayer` (opens another model by path),
`TorchModuleWrapper` (a pickle), `JaxLayer` and `FlaxLayer` (functions), and operations that take functions.
"""

from __future__ import annotations

_LAYERS = """
    Activation ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D
    AdaptiveAveragePooling3D AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D Add
    AdditiveAttention AlphaDropout Attention AugMix AutoContrast Average AveragePooling1D
    AveragePooling2D AveragePooling3D BatchNormalization Bidirectional CategoryEncoding CenterCrop
    Concatenate ContrastLimitedAdaptiveHistogramEqualization Conv1D Conv1DTranspose Conv2D
    Conv2DTranspose Conv3D Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM3D Cropping1D Cropping2D
    Cropping3D CutMix Dense DepthwiseConv1D DepthwiseConv2D Discretization Dot Dropout ELU EinsumDense
    Embedding Equalization Flatten GRU GRUCell GaussianDropout GaussianNoise GlobalAveragePooling1D
    GlobalAveragePooling2D GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D
    GlobalMaxPooling3D GroupNormalization GroupQueryAttention HashedCrossing Hashing Identity InputLayer
    IntegerLookup LSTM LSTMCell LayerNormalization LeakyReLU Masking MaxNumBoundingBoxes MaxPooling1D
    MaxPooling2D MaxPooling3D Maximum MelSpectrogram Minimum MixUp MultiHeadAttention Multiply
    Normalization PReLU Permute Pipeline RMSNormalization RNN RandAugment RandomBrightness
    RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop RandomElasticTransform
    RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHue RandomInvert RandomPerspective
    RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear RandomTranslation
    RandomZoom ReLU RepeatVector Rescaling Reshape Resizing ReversibleEmbedding STFTSpectrogram
    SeparableConv1D SeparableConv2D SimpleRNN SimpleRNNCell Softmax Solarization SpatialDropout1D
    SpatialDropout2D SpatialDropout3D SpectralNormalization StackedRNNCells StringLookup Subtract
    TextVectorization TimeDistributed UnitNormalization UpSampling1D UpSampling2D UpSampling3D
    ZeroPadding1D ZeroPadding2D ZeroPadding3D
"""
_INITIALIZERS = """
    Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity IdentityInitializer LecunNormal
    LecunUniform Ones Orthogonal OrthogonalInitializer RandomNormal RandomUniform STFT STFTInitializer
    TruncatedNormal VarianceScaling Zeros
"""
_REGULARIZERS = "L1 L1L2 L2 OrthogonalRegularizer"
_CONSTRAINTS = "MaxNorm MinMaxNorm NonNeg UnitNorm"
_DTYPE_POLICIES = """
    AWQDTypePolicy DTypePolicy DTypePolicyMap FloatDTypePolicy GPTQDTypePolicy Int4DTypePolicy
    QuantizedDTypePolicy QuantizedFloat8DTypePolicy
"""
_QUANTIZERS = """
    AWQConfig AbsMaxQuantizer Float8QuantizationConfig GPTQConfig Int4QuantizationConfig
    Int8QuantizationConfig
"""
_LOSSES = """
    BinaryCrossentropy BinaryFocalCrossentropy CTC CategoricalCrossentropy CategoricalFocalCrossentropy
    CategoricalGeneralizedCrossEntropy CategoricalHinge Circle CosineSimilarity Dice Hinge Huber
    KLDivergence LogCosh MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredError
    MeanSquaredLogarithmicError Poisson SparseCategoricalCrossentropy SquaredHinge Tversky
"""
_METRICS = """
    AUC Accuracy BinaryAccuracy BinaryCrossentropy BinaryIoU CategoricalAccuracy CategoricalCrossentropy
    CategoricalHinge ConcordanceCorrelation CosineSimilarity F1Score FBetaScore FalseNegatives
    FalsePositives Hinge IoU KLDivergence LogCoshError Mean MeanAbsoluteError
    MeanAbsolutePercentageError MeanIoU MeanMetricWrapper MeanSquaredError MeanSquaredLogarithmicError
    OneHotIoU OneHotMeanIoU PearsonCorrelation Poisson Precision PrecisionAtRecall R2Score Recall
    RecallAtPrecision RootMeanSquaredError SensitivityAtSpecificity SparseCategoricalAccuracy
    SparseCategoricalCrossentropy SparseTopKCategoricalAccuracy SpecificityAtSensitivity SquaredHinge
    Sum TopKCategoricalAccuracy TrueNegatives TruePositives
"""
_OPTIMIZERS = """
    Adadelta Adafactor Adagrad Adam AdamW Adamax Ftrl Lamb Lion LossScaleOptimizer MultiOptimizer Muon
    Nadam OptimizerMap RMSprop SGD ScheduleFreeAdamW
"""
_SCHEDULES = """
    CosineDecay CosineDecayRestarts ExponentialDecay InverseTimeDecay PiecewiseConstantDecay
    PolynomialDecay
"""
_NUMPY_OPERATIONS = """
    Abs Absolute Add All AllClose Amax Amin Angle Any Append Arange Arccos Arccosh Arcsin Arcsinh Arctan
    Arctan2 Arctanh Argmax Argmin Argpartition Argsort Array ArraySplit Average Bincount BitwiseAnd
    BitwiseInvert BitwiseLeftShift BitwiseNot BitwiseOr BitwiseRightShift BitwiseXor BroadcastTo Cbrt
    Ceil Clip Concatenate Conj Conjugate Copy Corrcoef Correlate Cos Cosh CountNonzero Cross Cumprod
    Cumsum Deg2rad Diag Diagflat Diagonal Diff Digitize Divide DivideNoNan Dot Dsplit Dstack Einsum
    EmptyLike Equal Exp Exp2 ExpandDims Expm1 Fabs Flip Fliplr Flipud Floor FloorDivide Fmax Fmin Fmod
    Full FullLike Gcd Geomspace GetItem Greater GreaterEqual Heaviside Histogram Hsplit Hstack Hypot I0
    Imag Inner IsIn Isclose Isfinite Isinf Isnan Isneginf Isposinf Isreal Kron Lcm Ldexp LeftShift Less
    LessEqual Linspace Log Log10 Log1p Log2 Logaddexp Logaddexp2 LogicalAnd LogicalNot LogicalOr
    LogicalXor Logspace Matmul Max Maximum Mean Median Meshgrid Min Minimum Mod Moveaxis Multiply
    NanToNum Nanargmax Nanargmin Nancumprod Nancumsum Nanmax Nanmean Nanmedian Nanmin Nanpercentile
    Nanprod Nanquantile Nanstd Nansum Nanvar Ndim Negative Nextafter Nonzero NotEqual OnesLike Outer Pad
    Percentile Power Prod Ptp Quantile Rad2deg Ravel Real Reciprocal Repeat Reshape RightShift Roll
    Rot90 Round SearchSorted Select Sign Signbit Sin Sinc Sinh Size Slogdet Sort Split Sqrt Square
    Squeeze Stack Std Subtract Sum Swapaxes Take TakeAlongAxis Tan Tanh Tensordot Tile Trace Transpose
    Trapezoid Tril Triu TrueDivide Trunc Unique UnravelIndex Vander Var Vdot View Vsplit Vstack Where
    ZerosLike
"""
_NN_OPERATIONS = """
    AdaptiveAveragePool AdaptiveMaxPool AveragePool BatchNorm BinaryCrossentropy CTCDecode CTCLoss
    CategoricalCrossentropy Celu Conv ConvTranspose DepthToSpace DepthwiseConv DotProductAttention Elu
    Fold Gelu Glu HardShrink HardSigmoid HardSilu HardTanh LayerNorm LeakyRelu LogSigmoid LogSoftmax
    MaxPool Moments MultiHot Normalize OneHot PSNR Polar RMSNorm Relu Relu6 Selu SeparableConv Sigmoid
    Silu SoftShrink Softmax Softplus Softsign SpaceToDepth SparseCategoricalCrossentropy SparsePlus
    SparseSigmoid Sparsemax Squareplus TanhShrink Threshold Unfold
"""
_MATH_OPERATIONS = """
    CDist Erf Erfc Erfinv ExtractSequences FFT FFT2 IFFT2 IRFFT ISTFT InTopK Logdet Logsumexp RFFT Rsqrt
    STFT SegmentMax SegmentMin SegmentProd SegmentReduction SegmentSum TopK ViewAsComplex ViewAsReal
"""
_LINALG_OPERATIONS = """
    Cholesky CholeskyInverse Det Eig Eigh Inv Lstsq LuFactor MatrixRank Norm Pinv Qr SVD Solve
    SolveTriangular
"""
_IMAGE_OPERATIONS = """
    AffineTransform CropImages ElasticTransform ExtractPatches GaussianBlur HSVToRGB MapCoordinates
    PadImages PerspectiveTransform RGBToGrayscale RGBToHSV Resize SSIM ScaleAndTranslate SobelEdges
"""
_CORE_OPERATIONS = (
    "Cast ConvertToTensor SaturateCast Scatter ScatterUpdate Slice SliceUpdate StopGradient Unstack"
)
_LOSS_FUNCTIONS = """
    binary_crossentropy binary_focal_crossentropy categorical_crossentropy
    categorical_focal_crossentropy categorical_generalized_cross_entropy categorical_hinge circle
    cosine_similarity ctc dice hinge huber kl_divergence log_cosh mean_absolute_error
    mean_absolute_percentage_error mean_squared_error mean_squared_logarithmic_error poisson
    sparse_categorical_crossentropy squared_hinge tversky
"""
_METRIC_FUNCTIONS = """
    binary_accuracy binary_crossentropy binary_focal_crossentropy categorical_accuracy
    categorical_crossentropy categorical_focal_crossentropy categorical_hinge concordance_correlation
    hinge huber kl_divergence log_cosh mean_absolute_error mean_absolute_percentage_error
    mean_squared_error mean_squared_logarithmic_error pearson_correlation poisson
    sparse_categorical_accuracy sparse_categorical_crossentropy sparse_top_k_categorical_accuracy
    squared_hinge top_k_categorical_accuracy
"""

LAYERS = frozenset(_LAYERS.split())
MODELS = frozenset({"Sequential", "Functional", "Model"})
INITIALIZERS = frozenset(_INITIALIZERS.split())
LOSS_FUNCTIONS = frozenset(_LOSS_FUNCTIONS.split())
METRIC_FUNCTIONS = frozenset(_METRIC_FUNCTIONS.split())

#: Classes by the part of Keras they are in: `keras.layers` and `keras.src.layers.rnn.lstm` are both `layers`.
_FAMILIES: dict[str, frozenset[str]] = {
    part: frozenset(names.split())
    for part, names in {
        "layers": _LAYERS,
        "initializers": _INITIALIZERS,
        "regularizers": _REGULARIZERS,
        "constraints": _CONSTRAINTS,
        "dtype_policies": _DTYPE_POLICIES,
        "quantizers": _QUANTIZERS,
        "losses": _LOSSES,
        "metrics": _METRICS,
        "optimizers": _OPTIMIZERS + _SCHEDULES,
    }.items()
}
_OPERATIONS: dict[str, frozenset[str]] = {
    f"keras.src.ops.{part}": frozenset(names.split())
    for part, names in {
        "numpy": _NUMPY_OPERATIONS,
        "nn": _NN_OPERATIONS,
        "math": _MATH_OPERATIONS,
        "linalg": _LINALG_OPERATIONS,
        "image": _IMAGE_OPERATIONS,
        "core": _CORE_OPERATIONS,
        "einops": "Rearrange",
    }.items()
}
_MODEL_MODULES = frozenset(
    {"keras", "keras.models"} | {f"keras.src.models.{name.lower()}" for name in MODELS}
)

#: Operations (`x[:, -1]`, `keras.ops.mean(x)`), which stand in graphs beside layers.
OPERATIONS = frozenset().union(*_OPERATIONS.values())
#: What a `.h5` file names without a module: anything but operations.
WITHOUT_MODULE = MODELS.union(*_FAMILIES.values())

#: Values that are no classes but are written like them: tensors, slices, bytes.
PLAIN_VALUES = frozenset(
    {"__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__slice__", "__ellipsis__"}
)

_ACTIVATIONS = """
    celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu
    linear log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus
    softsign sparse_plus sparse_sigmoid sparsemax squareplus swish tanh tanh_shrink threshold
"""
_INITIALIZER_NAMES = """
    constant glorot_normal glorot_uniform he_normal he_uniform identity lecun_normal lecun_uniform
    normal one ones orthogonal random_normal random_uniform stft truncated_normal uniform
    variance_scaling zero zeros
"""
_REGULARIZER_NAMES = "l1 l1l2 l2 orthogonal_regularizer"
_CONSTRAINT_NAMES = "max_norm min_max_norm non_neg unit_norm"
ACTIVATIONS = frozenset(_ACTIVATIONS.split())

#: Objects written as a bare name, by the end of the key: `"kernel_initializer": "zeros"`.
BARE_NAMES: dict[str, frozenset[str]] = {
    "activation": ACTIVATIONS,
    "_initializer": frozenset(_INITIALIZER_NAMES.split()) | INITIALIZERS,
    "_regularizer": frozenset((_REGULARIZER_NAMES + " " + _REGULARIZERS).split()),
    "_constraint": frozenset((_CONSTRAINT_NAMES + " " + _CONSTRAINTS).split()),
}

#: Why the layers that are left out are left out.
UNSAFE_LAYERS = {
    "Lambda": "it runs Python code stored in the file",
    "TFSMLayer": "it opens another model by its path",
    "TorchModuleWrapper": "it unpickles a PyTorch module",
    "JaxLayer": "it runs a function of its own",
    "FlaxLayer": "it runs a module of its own",
}


def is_allowed(module: str, class_name: str) -> bool:
    """Whether a model may be made of this class of Keras'; `module` is empty where the file has none."""
    if not module:
        return class_name in WITHOUT_MODULE
    if module in _MODEL_MODULES and class_name in MODELS:
        return True
    if module == "keras":  # dtype policies are exported at the top
        return class_name in _FAMILIES["dtype_policies"]
    if module in _OPERATIONS:
        return class_name in _OPERATIONS[module]
    part = (
        module.removeprefix("keras.src.")
        if module.startswith("keras.src.")
        else module.removeprefix("keras.")
    )
    return module.startswith("keras.") and class_name in _FAMILIES.get(part.partition(".")[0], ())


def modern_module(module: str, class_name: str) -> str:
    """Where Keras 3 has a class that Keras 2 wrote under `module`; empty where it has none of this name."""
    if class_name == "Sequential":
        return "keras"
    if class_name in MODELS:
        return "keras.src.models.functional"
    named = [part for part in module.split(".") if part in _FAMILIES]
    for family in (*named[:1], *_FAMILIES):
        if class_name in _FAMILIES[family]:
            return f"keras.{family}"
    return ""
