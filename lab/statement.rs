//! The register of statements: what each id says, where it is proved, tested and shown.
//!
//! The id is the thread through the project: chapter, closed form, property test, simulation and claim all carry it.

/// Where a statement comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provenance {
    /// Draganov et al., *On the Importance of Embedding Norms in Self-Supervised Learning*, ICML 2025.
    Paper,
    /// Known from other publications, which the chapter names.
    Literature,
    /// Derived for this project.
    Ours,
}

impl Provenance {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Paper => "Draganov et al., ICML 2025",
            Self::Literature => "the literature (the chapter says which)",
            Self::Ours => "derived for this project",
        }
    }
}

/// What a statement rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The chapter proves it.
    Proof,
    /// The library's formulas are run over numbers that do not round, and both sides are equal.
    Exact,
    /// Interval arithmetic decides an inequality on boxes that cover its domain.
    Enclosure,
    /// Tests over many drawn settings, with a tolerance that roundings explain.
    Property,
    /// A simulation that shows it, and claims about it that can fail.
    Simulation,
}

impl Evidence {
    /// All kinds, the strongest first.
    pub const ALL: [Self; 5] = [Self::Proof, Self::Exact, Self::Enclosure, Self::Property, Self::Simulation];

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Proof => "proof",
            Self::Exact => "exact test",
            Self::Enclosure => "enclosure",
            Self::Property => "property test",
            Self::Simulation => "simulation",
        }
    }
}

/// Statements with tests over numbers that do not round.
const EXACT: [&str; 12] = ["G1", "G2", "G3", "G4", "D1", "D2", "D3", "L1", "L5", "L7", "L8", "S1"];

/// Statements with inequalities that intervals decide.
const ENCLOSED: [&str; 3] = ["D3", "L1", "L8"];

/// Statements about data, which no proof can make.
const EMPIRICAL: [&str; 1] = ["S5"];

/// A statement with the places where everything about it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The id, such as `D3`.
    pub id: &'static str,
    /// The name.
    pub title: &'static str,
    /// The formula, in one or a few lines of plain text.
    pub formula: &'static str,
    /// What it means for somebody who trains a model.
    pub meaning: &'static str,
    /// Where it comes from.
    pub provenance: Provenance,
    /// The stem that chapter, theory module and test file share.
    pub stem: Stem,
    /// The simulation that shows it, if there is one.
    pub simulation: Option<&'static str>,
}

/// A topic: a chapter, a module and a test file of one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stem {
    /// G1-G5.
    Gradient,
    /// D1-D3.
    OneStep,
    /// L1-L5.
    Convergence,
    /// L6.
    Scaling,
    /// L7-L8.
    Duality,
    /// S1-S2.
    Growth,
    /// S3.
    Equilibrium,
    /// S4-S7 and S9.
    Encoders,
    /// S8.
    Specificity,
}

impl Stem {
    /// The chapter, from the root of the repository.
    pub const fn chapter(self) -> &'static str {
        match self {
            Self::Gradient => "docs/01-gradient.md",
            Self::OneStep => "docs/02-one-step.md",
            Self::Convergence => "docs/03-convergence.md",
            Self::Scaling => "docs/04-scaling.md",
            Self::Duality => "docs/05-duality.md",
            Self::Growth | Self::Equilibrium => "docs/06-growth.md",
            Self::Encoders => "docs/07-encoders.md",
            Self::Specificity => "docs/08-specificity.md",
        }
    }

    /// The name of the file in `tests/theory/` and of the module of closed forms.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gradient => "gradient",
            Self::OneStep => "one_step",
            Self::Convergence => "convergence",
            Self::Scaling => "scaling",
            Self::Duality => "duality",
            Self::Growth => "growth",
            Self::Equilibrium => "equilibrium",
            Self::Encoders => "encoders",
            Self::Specificity => "specificity",
        }
    }
}

impl Statement {
    /// The section that proves it, from the root of the repository.
    pub fn section(&self) -> String {
        format!("{}#{}", self.stem.chapter(), self.id.to_lowercase())
    }

    /// What it rests on; `docs/testing.md` says where each of it is found.
    ///
    /// ```
    /// use embedding_norms_lab::statement::{Evidence, find};
    /// assert!(find("D3").unwrap().rests_on(Evidence::Enclosure) && !find("S5").unwrap().rests_on(Evidence::Proof));
    /// ```
    pub fn rests_on(&self, evidence: Evidence) -> bool {
        match evidence {
            Evidence::Proof => !EMPIRICAL.contains(&self.id),
            Evidence::Exact => EXACT.contains(&self.id),
            Evidence::Enclosure => ENCLOSED.contains(&self.id),
            Evidence::Property => true,
            Evidence::Simulation => self.simulation.is_some(),
        }
    }

    /// The command that runs its tests.
    pub fn test_command(&self) -> String {
        format!("cargo test --release --test theory {}_", self.id.to_lowercase())
    }
}

/// The statement of this id, in either case of letters.
///
/// ```
/// assert_eq!(embedding_norms_lab::statement::find("l7").unwrap().simulation, Some("convergence-map"));
/// ```
pub fn find(id: &str) -> Option<&'static Statement> {
    STATEMENTS.iter().find(|statement| statement.id.eq_ignore_ascii_case(id))
}

/// All statements, in the order of the chapters.
pub const STATEMENTS: &[Statement] = &[
    Statement {
        id: "G1",
        title: "The gradient through the normalization",
        formula: "∇_z L = P_z g / ‖z‖, with g = ∂L/∂ẑ and P_z = I − ẑẑᵀ",
        meaning: "Whatever the loss of cosine similarities: the norm enters its gradient here and nowhere else.",
        provenance: Provenance::Literature,
        stem: Stem::Gradient,
        simulation: Some("norm-effect"),
    },
    Statement {
        id: "G2",
        title: "The gradient of the cosine: the 1/‖z‖ law",
        formula: "∇_{z_i}(−cos φ) = −(ẑ_j − cos φ ẑ_i)/ρ_i, of length sin φ/ρ_i",
        meaning: "An embedding twice as long gets half the gradient and must travel twice as far: a quarter of the progress per step.",
        provenance: Provenance::Literature,
        stem: Stem::Gradient,
        simulation: Some("norm-effect"),
    },
    Statement {
        id: "G3",
        title: "A gradient is orthogonal to its own embedding",
        formula: "z · ∇_z L = 0",
        meaning: "A gradient of directions never points along the embedding: a plain step rotates a free embedding and cannot shorten it.",
        provenance: Provenance::Literature,
        stem: Stem::Gradient,
        simulation: Some("norm-growth"),
    },
    Statement {
        id: "G4",
        title: "The gradient of InfoNCE",
        formula: "∇_{z_i} L_i = −P_{z_i}(ẑ_j − Σ_k p_ik ẑ_k)/(τ ρ_i);  ∇_{z_k} L_i = (p_ik − [k=j]) P_{z_k} ẑ_i/(τ ρ_k)",
        meaning: "The same 1/‖z‖ stands in front of every gradient of a contrastive loss of cosines, for anchors and for keys.",
        provenance: Provenance::Paper,
        stem: Stem::Gradient,
        simulation: Some("contrastive-losses"),
    },
    Statement {
        id: "G5",
        title: "Angles without clamping",
        formula: "φ = 2 atan2(‖x̂ − ŷ‖, ‖x̂ + ŷ‖),  1 − cos φ = ½‖x̂ − ŷ‖²,  1 + cos φ = ½‖x̂ + ŷ‖²",
        meaning: "An angle taken from an inner product is noise below 1e-8; a clamp puts a floor under what is measured.",
        provenance: Provenance::Ours,
        stem: Stem::Gradient,
        simulation: None,
    },
    Statement {
        id: "D1",
        title: "Under plain descent a pair evolves by itself",
        formula: "φ' = |φ − atan a − atan b|,  ρ_i'² = ρ_i²(1 + a²),  ρ_j'² = ρ_j²(1 + b²),  a = γ sin φ/ρ_i², b = γ sin φ/ρ_j²",
        meaning: "Two norms and one angle determine the whole trajectory of a free pair under plain descent, in any dimension.",
        provenance: Provenance::Ours,
        stem: Stem::OneStep,
        simulation: Some("norm-effect"),
    },
    Statement {
        id: "D2",
        title: "Under plain descent with free embeddings, norms only grow",
        formula: "ρ'² = ρ² + γ²‖∇‖²",
        meaning: "Plain descent of directions lengthens free embeddings at every step, which slows their later steps. Momentum, \
                  weight decay and shared parameters shorten embeddings too.",
        provenance: Provenance::Literature,
        stem: Stem::OneStep,
        simulation: Some("norm-growth"),
    },
    Statement {
        id: "D3",
        title: "The published bound and where it holds",
        formula: "(γs²/ρ²)(2 − γc/ρ²) − (c' − c) = u²s² cos φ',  u = γ/ρ²",
        meaning: "The published bound on one step's progress holds exactly where the pair is acute after the step.",
        provenance: Provenance::Ours,
        stem: Stem::OneStep,
        simulation: Some("one-step-bound"),
    },
    Statement {
        id: "L1",
        title: "The gradient flow of a pair in closed form",
        formula: "tan(φ/2) = tan(φ0/2) exp(−γ(1/ρ_i² + 1/ρ_j²) t);  N = Λ/(α+β) − q cos φ0 Λ + (q − ½) ln(sin φ0/sin φ_ε)",
        meaning: "How many small steps of plain descent a free pair needs, before it takes them.",
        provenance: Provenance::Ours,
        stem: Stem::Convergence,
        simulation: Some("norm-effect"),
    },
    Statement {
        id: "L2",
        title: "The norm effect: under plain descent with small steps, steps grow as ρ²",
        formula: "T ∝ ρ²",
        meaning: "Twice the norm: four times the steps, where γ is small beside ρ². Other optimizers have other exponents (L6).",
        provenance: Provenance::Paper,
        stem: Stem::Convergence,
        simulation: Some("norm-effect"),
    },
    Statement {
        id: "L3",
        title: "The opposite-halves effect, for small steps of plain descent",
        formula: "T = A + B ln tan(φ0/2)",
        meaning: "Positives that start in opposite halves of the sphere align slowly, without limit towards φ0 = π.",
        provenance: Provenance::Paper,
        stem: Stem::Convergence,
        simulation: Some("opposite-halves"),
    },
    Statement {
        id: "L4",
        title: "Populations",
        formula: "mean over pairs of cos φ(T) = 1 − ε",
        meaning: "Averaging L1's cosine over the initial angles gives the steps of a whole batch, within one step at the paper's setting \
                  from ρ = 0.5 up.",
        provenance: Provenance::Ours,
        stem: Stem::Convergence,
        simulation: Some("norm-effect"),
    },
    Statement {
        id: "L5",
        title: "Unequal norms: with small steps the short member rotates more",
        formula: "total rotations: (first) : (second) = ρ_j² : ρ_i² as γ → 0",
        meaning: "As steps get small, the short member of a pair does most of the rotation.",
        provenance: Provenance::Ours,
        stem: Stem::Convergence,
        simulation: Some("unequal-norms"),
    },
    Statement {
        id: "L6",
        title: "The scaling symmetry of scale-invariant losses",
        formula: "(c z, c^h γ) follows the directions of (z, γ);  h = 1 − r + q(1 − p)",
        meaning: "Learning rate and norm act only through γ/ρ^h, with one degree h per optimizer, 2 for gradient descent: where the \
                  optimizer's ε and its decay are 0 or scale too.",
        provenance: Provenance::Ours,
        stem: Stem::Scaling,
        simulation: Some("optimizer-laws"),
    },
    Statement {
        id: "L7",
        title: "Duality of short and long norms, for a pair under plain descent",
        formula: "steps(us, φ0) = steps(1/(us), π − φ0),  for φ_ε < φ0 < π − φ_ε",
        meaning: "For a pair under plain descent a norm can be too small exactly as it can be too large.",
        provenance: Provenance::Ours,
        stem: Stem::Duality,
        simulation: Some("convergence-map"),
    },
    Statement {
        id: "L8",
        title: "The best norm of a pair under plain descent",
        formula: "a pair of equal norms needs one step at ρ² = γ(1 + cos φ0)",
        meaning: "Under plain descent, shorter converges faster only above the best norm; cutting an initialization below it slows training.",
        provenance: Provenance::Ours,
        stem: Stem::Duality,
        simulation: Some("convergence-map"),
    },
    Statement {
        id: "S1",
        title: "The growth budget of small plain steps",
        formula: "Σ(‖z_T‖² − ‖z_0‖²) = γ(L_0 − L_T) as γ → 0;  for a pair γ(1 − cos φ0), shared as ρ_j² : ρ_i²",
        meaning: "All that small plain steps add to the squared norms of free embeddings is paid for by the loss they remove; momentum \
                  multiplies it.",
        provenance: Provenance::Ours,
        stem: Stem::Growth,
        simulation: Some("norm-growth"),
    },
    Statement {
        id: "S2",
        title: "Growth under persistent gradients",
        formula: "ρ⁴ = ρ0⁴ + 2γ²G²k",
        meaning: "Under plain descent of gradients that never settle, norms grow as the fourth root of the number of updates.",
        provenance: Provenance::Literature,
        stem: Stem::Growth,
        simulation: Some("norm-growth"),
    },
    Statement {
        id: "S3",
        title: "The equilibrium of norms under weight decay",
        formula: "ρ*⁴ = γ f G²/(2λ), angle per step √(2γλ), relaxation 1/(4γλ) steps; other rules: the chapter",
        meaning: "Decay and persistent gradients of free embeddings settle on one norm; there the rotation per step depends on γλ alone, \
                  and embeddings that are updated more often are longer, as the fourth root of the frequency.",
        provenance: Provenance::Literature,
        stem: Stem::Equilibrium,
        simulation: Some("weight-decay"),
    },
    Statement {
        id: "S4",
        title: "Shared parameters",
        formula: "z_i = W x_i:  Δz_i = −η Σ_k (x_k · x_i) g_k,  ⟨W, ∇_W L⟩ = 0",
        meaning: "An encoder moves embeddings along themselves too; what is orthogonal to its gradient are its parameters.",
        provenance: Provenance::Ours,
        stem: Stem::Encoders,
        simulation: Some("orthogonality"),
    },
    Statement {
        id: "S5",
        title: "Norm as confidence, in encoders after contrastive training",
        formula: "after training, on the average: rare class, sparse region, unseen class → smaller ‖z‖",
        meaning: "Norms know something of the data, not in every seed and not for every class; how much is learned, the untrained \
                  network tells.",
        provenance: Provenance::Paper,
        stem: Stem::Encoders,
        simulation: Some("class-imbalance"),
    },
    Statement {
        id: "S6",
        title: "The three levers",
        formula: "ln(speed-up) ≈ |ln(α/α*)| − |ln(α′/α*)|, α the angle of the first step, α* = φ0/2;  without biases (W/c, η) = (W, c^(2−pL) η)",
        meaning: "Cutting, GradScale and decay mostly help where the first step rotates embeddings too little, and hurt where it \
                  rotates them too far; without biases a cut is a learning rate in disguise.",
        provenance: Provenance::Ours,
        stem: Stem::Encoders,
        simulation: Some("levers"),
    },
    Statement {
        id: "S7",
        title: "A cut is equivalent to a change of the learning rate",
        formula: "loss unchanged under θ → Cθ:  (θ/c, η, λ, ε) follows (θ, c^h η, c^(−h) λ, c^(2d) ε);  LARS, LAMB: h = 0;  by layer: b_l/c^l at the rate c^(h−hl) η",
        meaning: "Without biases, or with batch normalization throughout, cutting an initialization is the learning rate times c^h \
                  and nothing else; with biases it turns outputs to one direction instead, and the learning rate is the lever.",
        provenance: Provenance::Ours,
        stem: Stem::Encoders,
        simulation: Some("cut-rate"),
    },
    Statement {
        id: "S8",
        title: "What free embeddings encode: frequency and specificity",
        formula: "ρ*⁴ = γ f G²/(2λ)·(1 + ½ A_{d+2}(κ) γ/ρ*²),  G² = (d−1) A_d(κ)/κ;  without decay ρ⁴ = ρ0⁴ + 2γ²G²·ft",
        meaning: "Under plain descent or heavy ball, free embeddings are longer the more often they are visited and *shorter* the better \
                  their positives agree; AdamW hides both. Whether encoders turn the sign has to be measured.",
        provenance: Provenance::Ours,
        stem: Stem::Specificity,
        simulation: Some("specificity"),
    },
    Statement {
        id: "S9",
        title: "A learning rate from one step",
        formula: "η* = η tan(φ0/2)/tan α,  α the median angle of rotation per step at η, φ0 that of positive pairs",
        meaning: "For a pair under plain descent one small step tells the rate that aligns it, exactly; for a network the same rate is \
                  a criterion, with an interval, and with no advice where a step tells nothing.",
        provenance: Provenance::Ours,
        stem: Stem::Encoders,
        simulation: Some("one-step-rate"),
    },
];
