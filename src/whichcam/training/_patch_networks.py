"""Published networks over patches: small ones, constrained ones, remnant ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor, nn


def _in_full(levels: Tensor) -> torch.autocast:
    """Compute in float32 whatever is set outside: half a grey level is a trace here."""
    return torch.autocast(levels.device.type, enabled=False)


class PatchNetwork(nn.Module):
    """A trunk that gives features of patches, and a linear classifier over them.

    Parameters
    ----------
    trunk : Module
        From levels of shape (n, 3, P, P), scaled, to features (n, D).
    n_features, n_classes : int
        Widths of the classifier.
    mean, scale : sequence of float
        Subtracted from levels in 0 to 255, and then divided by; one a channel.
    dropout : float
        Share of features dropped before the classifier.
    """

    def __init__(
        self,
        trunk: nn.Module,
        n_features: int,
        n_classes: int,
        *,
        mean: tuple[float, ...] = (127.5, 127.5, 127.5),
        scale: tuple[float, ...] = (127.5, 127.5, 127.5),
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean)[:, None, None])
        self.register_buffer("scale", torch.tensor(scale)[:, None, None])
        self.trunk = trunk
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(n_features, n_classes)

    def features(self, patches: Tensor) -> Tensor:
        """Return features (n, D) of patches (n, 3, P, P), float, 0 to 255."""
        levels = (patches - self.get_buffer("mean")) / self.get_buffer("scale")
        found: Tensor = self.trunk(levels)
        return found

    def forward(self, patches: Tensor) -> Tensor:
        """Return logits (n, n_classes)."""
        logits: Tensor = self.classifier(self.dropout(self.features(patches)))
        return logits


def blog_network(n_classes: int, patch_px: int) -> PatchNetwork:
    """Return a small network as first lessons have it: three blocks, one dense layer.

    With nothing against it but dropout, it learns its pictures by heart.
    """
    layers: list[nn.Module] = []
    n_in = 3
    for n_out in (32, 64, 128):
        layers += [nn.Conv2d(n_in, n_out, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        n_in = n_out
    flat = n_in * (patch_px // 8) ** 2
    trunk = nn.Sequential(*layers, nn.Flatten(), nn.Linear(flat, 256), nn.ReLU())
    return PatchNetwork(trunk, 256, n_classes, dropout=0.5)


def bondi_network(n_classes: int, patch_px: int) -> PatchNetwork:
    """Return the four layers of Bondi et al. 2017, made for patches of 64 px.

    The last convolution of the paper sees its whole input; here its answers over
    larger patches are averaged.
    """
    del patch_px  # any will do
    trunk = nn.Sequential(
        nn.Conv2d(3, 32, 4),
        nn.MaxPool2d(2, ceil_mode=True),  # as Caffe, in which it was published, rounds
        nn.Conv2d(32, 48, 5),
        nn.MaxPool2d(2, ceil_mode=True),
        nn.Conv2d(48, 64, 5),
        nn.MaxPool2d(2, ceil_mode=True),
        nn.Conv2d(64, 128, 5),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(128, 128),
        nn.ReLU(),
    )
    return PatchNetwork(trunk, 128, n_classes)


class ConstrainedConvolution(nn.Conv2d):
    """Prediction errors learnt from data: the middle is -1, all else sums to 1.

    References
    ----------
    .. [1] B. Bayar, M. C. Stamm, "Constrained convolutional neural networks: a new
       approach towards general purpose image manipulation detection", IEEE TIFS
       13(11), 2018. doi:10.1109/TIFS.2018.2825953
    """

    def __init__(self, n_out: int = 3, size: int = 5) -> None:
        super().__init__(1, n_out, size, bias=False)
        self.project()

    def forward(self, levels: Tensor) -> Tensor:
        """Return what levels (n, 1, P, P) have that their surroundings do not say."""
        with _in_full(levels):
            return super().forward(levels.float())

    @torch.no_grad()
    def project(self) -> None:
        """Put the weights back on the constraint, as after every step of training."""
        middle = self.kernel_size[0] // 2
        self.weight[:, :, middle, middle] = 0
        total = self.weight.sum((2, 3), keepdim=True)
        # sums near 0 would blow the filter up: such a one starts again as a mean
        n_others = self.weight[0, 0].numel() - 1
        lost = total.abs() < 1e-4
        self.weight.copy_(torch.where(lost, 1.0 / n_others, self.weight / total))
        self.weight[:, :, middle, middle] = -1


class _Green(nn.Module):
    """Keeps the green plane: the one most sensors sample most densely."""

    def forward(self, levels: Tensor) -> Tensor:
        return levels[:, 1:2]


def constrained_network(n_classes: int, patch_px: int) -> PatchNetwork:
    """Return the network of Bayar and Stamm 2018, made for patches of 256 px."""

    def block(
        n_in: int, n_out: int, size: int, stride: int, pool: type
    ) -> list[nn.Module]:
        return [
            nn.Conv2d(n_in, n_out, size, stride, padding=size // 2),
            nn.BatchNorm2d(n_out),
            nn.Tanh(),
            pool(3, 2, padding=1),
        ]

    trunk = nn.Sequential(
        _Green(),
        ConstrainedConvolution(),
        *block(3, 96, 7, 2, nn.MaxPool2d),
        *block(96, 64, 5, 1, nn.MaxPool2d),
        *block(64, 64, 5, 1, nn.MaxPool2d),
        *block(64, 128, 1, 1, nn.AvgPool2d),
        nn.Flatten(),
    )
    with torch.no_grad():
        flat = trunk.eval()(torch.zeros(1, 3, patch_px, patch_px)).shape[1]
    for width in (200, 200):
        trunk.extend([nn.Linear(flat, width), nn.Tanh()])
        flat = width
    return PatchNetwork(trunk, flat, n_classes)


class RemnantBlock(nn.Module):
    """Convolutions that learn the content of a patch, and pass on what they leave.

    Parameters
    ----------
    planes : int
        Inside the block.

    References
    ----------
    .. [1] A. M. Rafi, T. I. Tonmoy, U. Kamal, Q. M. J. Wu, M. K. Hasan, "RemNet:
       remnant convolutional neural network for camera model identification", Neural
       Computing and Applications 33, 2021. doi:10.1007/s00521-020-05220-y
    """

    def __init__(self, planes: int) -> None:
        super().__init__()
        self.content = nn.Sequential(
            nn.Conv2d(3, planes, 3, padding=1),
            nn.BatchNorm2d(planes),
            nn.Conv2d(planes, planes, 3, padding=1),
            nn.BatchNorm2d(planes),
            nn.Conv2d(planes, 3, 3, padding=1),
            nn.BatchNorm2d(3),
        )

    def forward(self, levels: Tensor) -> Tensor:
        """Return the remnant of levels (n, 3, P, P), of the same shape."""
        with _in_full(levels):
            remnant: Tensor = levels - self.content(levels.float())
        return remnant


def remnant_network(n_classes: int, patch_px: int, planes: int = 64) -> PatchNetwork:
    """Return three remnant blocks and a trunk, as Rafi et al. 2021, for 64 px."""
    del patch_px  # any will do
    trunk = nn.Sequential(*(RemnantBlock(planes) for _ in range(3)))
    n_in = 3
    for n_out, size in ((64, 7), (128, 5), (256, 3), (512, 2)):
        trunk.extend(
            [
                nn.Conv2d(n_in, n_out, size, 2, padding=size // 2),
                nn.BatchNorm2d(n_out),
                nn.PReLU(),
            ]
        )
        n_in = n_out
    trunk.extend([nn.AdaptiveAvgPool2d(1), nn.Flatten()])
    return PatchNetwork(trunk, n_in, n_classes)


PATCH_NETWORKS: Mapping[str, Callable[..., PatchNetwork]] = MappingProxyType(
    {
        "blog": blog_network,
        "bondi": bondi_network,
        "constrained": constrained_network,
        "remnant": remnant_network,
    }
)
"""Name to a function of the numbers of classes and of pixels of a patch's side."""


def project(network: nn.Module) -> None:
    """Put every constrained convolution of a network back on its constraint."""
    for part in network.modules():
        if isinstance(part, ConstrainedConvolution):
            part.project()
