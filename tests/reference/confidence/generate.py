"""Reference values for the measures of confidence, by scikit-learn, SciPy and NumPy.

Sixty embeddings of five dimensions in four classes, short in decimal, with two measures and two covariates; the first
measure has ties. Neighbours are those of sklearn.neighbors among normalized embeddings; rank correlations come from
scipy.stats, within groups and from least squares on ranks; areas under the curve from sklearn.metrics and
scipy.stats.mannwhitneyu; effective ranks from numpy.linalg.svd; percentile intervals from scipy.stats.bootstrap
(200,000 resamples) and the p-value of a shuffle from scipy.stats.permutation_test (all 5,040 orders of seven points).

    python3 -m venv VENV && VENV/bin/pip install numpy scipy scikit-learn
    VENV/bin/python tests/reference/confidence/generate.py

writes values.json beside this file.
"""

import json
import pathlib

import numpy as np
import scipy
import sklearn
from scipy import stats
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

POINTS, DIMENSION, CLASSES, K = 60, 5, 4, 7


def main():
    numbers = np.random.default_rng(20250214)
    labels = numbers.integers(0, CLASSES, POINTS)
    centres = numbers.standard_normal((CLASSES, DIMENSION))
    points = np.round(centres[labels] + 0.8 * numbers.standard_normal((POINTS, DIMENSION)), 3)
    units = points / np.linalg.norm(points, axis=1, keepdims=True)

    distances, indices = NearestNeighbors(n_neighbors=K, algorithm="brute").fit(units).kneighbors()
    train, test = slice(0, 40), slice(40, None)
    across = NearestNeighbors(n_neighbors=K, algorithm="brute").fit(units[train]).kneighbors(units[test])
    # Two classes and odd k have no ties between classes.
    two = labels % 2
    votes = {
        str(k): float(KNeighborsClassifier(k).fit(units[train], two[train]).score(units[test], two[test]))
        for k in (1, 3, 7)
    }

    x = np.round(np.linalg.norm(points, axis=1), 1)
    y = np.round(-distances[:, -1] + 0.1 * numbers.standard_normal(POINTS), 4)
    covariates = np.round(numbers.standard_normal((POINTS, 2)) + 0.5 * x[:, None], 2)
    within = [stats.spearmanr(x[labels == c], y[labels == c]).statistic for c in range(CLASSES)]
    sizes = [int(np.sum(labels == c)) for c in range(CLASSES)]

    def partial(count):
        ranks = np.column_stack([np.ones(POINTS), stats.rankdata(covariates[:, :count], axis=0)])
        left = [r - ranks @ np.linalg.lstsq(ranks, r, rcond=None)[0] for r in map(stats.rankdata, (x, y))]
        return float(stats.pearsonr(*left).statistic)

    def auroc(values):
        positive = labels == 0
        u = stats.mannwhitneyu(values[positive], values[~positive]).statistic / (sizes[0] * (POINTS - sizes[0]))
        area = roc_auc_score(positive, values)
        assert abs(u - area) < 1e-12
        return float(area)

    def effective_rank(matrix):
        singular = np.linalg.svd(matrix, compute_uv=False)
        return float(np.exp(stats.entropy(singular / singular.sum())))

    cosines = units @ units.T
    rho = lambda a, b: stats.spearmanr(a, b).statistic
    interval = stats.bootstrap((x, y), rho, paired=True, vectorized=False, method="percentile", n_resamples=200_000,
                               rng=numbers).confidence_interval
    few = slice(0, 7)
    exact = stats.permutation_test((x[few],), lambda a: rho(a, y[few]), permutation_type="pairings",
                                   n_resamples=np.inf, vectorized=False)
    record = {
        "versions": {"numpy": np.__version__, "scipy": scipy.__version__, "sklearn": sklearn.__version__},
        "points": points.tolist(), "labels": labels.tolist(), "k": K,
        "x": x.tolist(), "y": y.tolist(), "covariates": covariates.tolist(),
        "indices": indices.tolist(), "distances": distances.tolist(),
        "agreement": np.mean(labels[indices] == labels[:, None], axis=1).tolist(),
        "across_indices": across[1].tolist(), "across_distances": across[0].tolist(), "votes": votes,
        "spearman": float(rho(x, y)),
        "within": [float(value) for value in within], "within_mean": float(np.average(within, weights=sizes)),
        "partial": [partial(1), partial(2)],
        "auroc": [auroc(x), auroc(y)],
        "effective_rank": effective_rank(points), "effective_rank_wide": effective_rank(points[:3]),
        "mean_cosine": float((cosines.sum() - np.trace(cosines)) / (POINTS * (POINTS - 1))),
        "bootstrap": [float(interval.low), float(interval.high)],
        "few": 7, "shuffle_p": float(exact.pvalue),
    }
    text = json.dumps(record, indent=None, separators=(",", ":")).replace('],"', '],\n"')
    pathlib.Path(__file__).with_name("values.json").write_text(text + "\n")


main()
