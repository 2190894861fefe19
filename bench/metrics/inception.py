"""The Inception network of the Fréchet Inception Distance, with weights that are checked before they are believed."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from bench.errors import ChecksumMismatch, DataMissing, MissingExtra
from bench.metrics.extractors import Extractor, Features

__all__ = ["WEIGHTS_SHA256", "Inception", "default_weights", "fetch_weights"]

# The file's own name carries the beginning of its sha256; nobody else's loader looks whether it is true.
WEIGHTS_SHA256 = "6726825d"
WEIGHTS_FILE = f"pt_inception-2015-12-05-{WEIGHTS_SHA256}.pth"
WEIGHTS_URL = f"https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/{WEIGHTS_FILE}"
SIDE = 299
FULL_DIMENSION = 2048
IMAGES_AT_ONCE = 50


class Inception(Extractor):
    """pytorch-fid's InceptionV3 as an extractor: 2048 features of the last pooling, or an earlier block's mean.

    weights:   the file to read, by default the one torch's hub keeps, `$TORCH_HOME/hub/checkpoints/…`.
    dimension: 64, 192, 768 or 2048.
    expected_sha256: what the file's sha256 must begin with. None takes any weights, and then the distance is
        `fd:inception-random-…`: with other weights it is no FID.

    Raises MissingExtra without pytorch-fid, DataMissing without the file, ChecksumMismatch where it is another one.
    """

    resize = f"bilinear to {SIDE}x{SIDE}, not antialiased"

    def __init__(
        self,
        weights: Path | str | None = None,
        *,
        dimension: int = FULL_DIMENSION,
        expected_sha256: str | None = WEIGHTS_SHA256,
    ) -> None:
        missing = [name for name in ("pytorch_fid", "torchvision") if find_spec(name) is None]
        if missing:
            raise MissingExtra("fid", missing, "pip install 'depthbench[generative]'")
        path = default_weights() if weights is None else Path(weights)
        sha256 = _checked_sha256(path, expected_sha256)
        self.is_reference = expected_sha256 == WEIGHTS_SHA256
        self.dimension = dimension
        kind = "inception" if self.is_reference else "inception-random"
        self.name = f"{kind}-{dimension}@{sha256[:8]}"
        self._blocks = _blocks(path, dimension)
        self._device = torch.device("cpu")

    @property
    def score_name(self) -> str:
        """`fid` for the weights and the features of the paper, else `fd:` and this extractor's name."""
        is_fid = self.is_reference and self.dimension == FULL_DIMENSION
        return "fid" if is_fid else super().score_name

    @torch.no_grad()
    def features(self, images: Tensor) -> Features:
        """Map images, (n, 1 or 3, height, width) in [-1, 1], to features, (n, dimension) float64.

        Images are first rounded to the 256 levels they would have in a file: real ones have no others.
        """
        if images.device != self._device:
            self._blocks.to(images.device)
            self._device = images.device
        # TF32 would change the third digit of features from one GPU to the next.
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            parts = [self._batch(batch) for batch in torch.split(images, IMAGES_AT_ONCE)]
        features: Features = torch.cat(parts).numpy()
        return features

    def _batch(self, images: Tensor) -> Tensor:
        levels = ((images.float().clamp(-1, 1) + 1) * 127.5).round()
        pixels = F.interpolate((levels / 255).expand(-1, 3, -1, -1), size=(SIDE, SIDE), mode="bilinear")
        maps: Tensor = self._blocks((2 * pixels - 1).contiguous(memory_format=torch.channels_last))
        return maps.mean((2, 3)).double().cpu()


def default_weights() -> Path:
    """Return where torch's hub, and with it pytorch-fid, keeps the weights; `TORCH_HOME` moves it."""
    return Path(torch.hub.get_dir()) / "checkpoints" / WEIGHTS_FILE


def fetch_weights() -> Path:
    """Return `default_weights`, downloaded and checked where the file is not there; raises DataMissing offline."""
    path = default_weights()
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(WEIGHTS_URL, str(path), hash_prefix=WEIGHTS_SHA256)
        except (OSError, RuntimeError) as error:
            raise DataMissing(
                f"fid needs the weights of Inception, and {WEIGHTS_URL} could not be fetched ({error}). Get them by "
                f"hand and put them at {path}, or name the file with --weights"
            ) from error
    return path


def _checked_sha256(path: Path, expected: str | None) -> str:
    if not path.is_file():
        raise DataMissing(
            f"fid needs the weights of Inception, which are not at {path}. Download them from {WEIGHTS_URL}"
        )
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if expected is not None and not found.startswith(expected):
        raise ChecksumMismatch(
            f"{path} does not hold the Inception weights that define FID: its sha256 must begin {expected}, "
            f"found {found}. Remove it and download {WEIGHTS_URL}"
        )
    return found


def _blocks(path: Path, dimension: int) -> nn.Sequential:
    """Return the network up to the block that gives that many features, ready to be asked."""
    # Drawing random weights only to replace them takes longer than reading the file.
    with torch.device("meta"):
        network = _network()
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True), assign=True)
    pool = nn.MaxPool2d(kernel_size=3, stride=2)
    sixth = (getattr(network, f"Mixed_6{letter}") for letter in "abcde")
    stages: dict[int, list[nn.Module]] = {
        64: [network.Conv2d_1a_3x3, network.Conv2d_2a_3x3, network.Conv2d_2b_3x3, pool],
        192: [network.Conv2d_3b_1x1, network.Conv2d_4a_3x3, pool],
        768: [network.Mixed_5b, network.Mixed_5c, network.Mixed_5d, *sixth],
        2048: [network.Mixed_7a, network.Mixed_7b, network.Mixed_7c],
    }
    if dimension not in stages:
        raise ValueError(f"Inception has no block of {dimension} features, only of {', '.join(map(str, stages))}")
    layers = [layer for size, stage in stages.items() if size <= dimension for layer in stage]
    blocks = nn.Sequential(*layers).eval().requires_grad_(False)
    _fuse(blocks)
    return blocks.to(memory_format=torch.channels_last)


def _fuse(network: nn.Module) -> None:
    """Make each convolution and the normalisation after it one convolution: a fifth faster, features within 3e-7."""
    for module in network.modules():
        convolution, normalisation = getattr(module, "conv", None), getattr(module, "bn", None)
        if isinstance(convolution, nn.Conv2d) and isinstance(normalisation, nn.BatchNorm2d):
            module.conv, module.bn = fuse_conv_bn_eval(convolution, normalisation), nn.Identity()


def _network() -> Any:
    """Build the network without weights; pytorch-fid's own function for it would download them unasked."""
    from pytorch_fid import inception as fid

    network = fid._inception_v3(num_classes=1008, aux_logits=False, weights=None)
    network.Mixed_5b = fid.FIDInceptionA(192, pool_features=32)
    network.Mixed_5c = fid.FIDInceptionA(256, pool_features=64)
    network.Mixed_5d = fid.FIDInceptionA(288, pool_features=64)
    network.Mixed_6b = fid.FIDInceptionC(768, channels_7x7=128)
    network.Mixed_6c = fid.FIDInceptionC(768, channels_7x7=160)
    network.Mixed_6d = fid.FIDInceptionC(768, channels_7x7=160)
    network.Mixed_6e = fid.FIDInceptionC(768, channels_7x7=192)
    network.Mixed_7b = fid.FIDInceptionE_1(1280)
    network.Mixed_7c = fid.FIDInceptionE_2(2048)
    return network
