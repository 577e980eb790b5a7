"""What services know about the papers of the seed page in ``../shared/seeds``."""

from __future__ import annotations

from tests.support.completion_server import KnownPaper


def _names(text: str) -> tuple[str, ...]:
    return tuple(" ".join(name.split()) for name in text.split(","))


SEED_PAPERS = (
    KnownPaper(
        "Can Transformers Learn to Solve Problems Recursively?",
        _names("Shizhuo Dylan Zhang, Curt Tigges, Stella Biderman, Maxim Raginsky, Talia Ringer"),
        day="2023-05-24",
        arxiv="2305.14699",
    ),
    KnownPaper(
        "StarCoder: may the source be with you!",
        _names("Raymond Li, Loubna Ben Allal, Yangtian Zi, Niklas Muennighoff, Harm de Vries"),
        day="2023-05-09",
        arxiv="2305.06161",
    ),
    KnownPaper(
        "Recasting Self-Attention with Holographic Reduced Representations",
        _names("Mohammad Mahmudul Alam, Edward Raff, Stella Biderman, Tim Oates, James Holt"),
        day="2023-05-31",
        arxiv="2305.19534",
        comment="To appear in Proceedings of ICML 2023",
    ),
    KnownPaper(
        "Pythia: A Suite for Analyzing Large Language Models Across Training and Scaling",
        _names(
            """Stella Biderman, Hailey Schoelkopf, Quentin Anthony, Herbie Bradley, Kyle O'Brien,
            Eric Hallahan, Mohammad Aflah Khan, Shivanshu Purohit, USVSN Sai Prashanth,
            Edward Raff, Aviya Skowron, Lintang Sutawika, Oskar van der Wal"""
        ),
        day="2023-04-03",
        arxiv="2304.01373",
    ),
    KnownPaper(
        "Reclaiming the Digital Commons: A Public Data Trust for Training Data",
        _names("Alan Chan, Herbie Bradley, Nitarshan Rajkumar"),
        day="2023-08-08",
        arxiv="2303.09001",
        doi="10.1145/3600211.3604658",
        venue="AAAI/ACM Conference on AI, Ethics, and Society",
    ),
    KnownPaper(
        "Eliciting Latent Predictions from Transformers with the Tuned Lens",
        _names(
            """Nora Belrose, Igor Ostrovsky, Lev McKinney, Zach Furman, Logan Smith, Danny Halawi,
            Stella Biderman, Jacob Steinhardt"""
        ),
        day="2023-03-14",
        arxiv="2303.08112",
    ),
    KnownPaper(
        "ProofNet: Autoformalizing and Formally Proving Undergraduate-Level Mathematics",
        _names(
            """Zhangir Azerbayev, Bartosz Piotrowski, Hailey Schoelkopf, Edward W. Ayers,
            Dragomir Radev, Jeremy Avigad"""
        ),
        day="2023-02-24",
        arxiv="2302.12433",
    ),
    KnownPaper(
        "Anomalous tokens reveal the original identities of Instruct models",
        ("janus", "jdp"),
        day="2023-02-09",
        only=("openalex", "s2"),
        venue="Alignment Forum",
    ),
    KnownPaper(
        "SantaCoder: don't reach for the stars!",
        _names(
            """Loubna Ben Allal, Raymond Li, Denis Kocetkov, Chenghao Mou, Christopher Akiki,
            Niklas Muennighoff, Hailey Schoelkopf, Leandro von Werra"""
        ),
        day="2023-01-09",
        arxiv="2301.03988",
    ),
    KnownPaper(
        "BLOOM+1: Adding Language Support to BLOOM for Zero-Shot Prompting",
        _names(
            """Zheng-Xin Yong, Hailey Schoelkopf, Niklas Muennighoff, Alham Fikri Aji,
            David Ifeoluwa Adelani, Khalid Almubarak, M Saiful Bari, Lintang Sutawika,
            Jungo Kasai, Ahmed Baruwa, Genta Indra Winata, Stella Biderman, Edward Raff,
            Dragomir Radev, Vassilina Nikoulina"""
        ),
        day="2022-12-19",
        arxiv="2212.09535",
    ),
    KnownPaper(
        "Musical audio samples generated from joint text embeddings",
        _names("Zach Evans, Scott H. Hawley, Katherine Crowson"),
        day="2022-10-01",
        doi="10.1121/10.0015956",
        venue="The Journal of the Acoustical Society of America",
    ),
    KnownPaper(
        "RoentGen: Vision-Language Foundation Model for Chest X-ray Generation",
        _names(
            """Pierre Chambon, Christian Bluethgen, Jean-Benoit Delbrouck, Rogier Van der Sluijs,
            Małgorzata Połacin, Juan Manuel Zambrano Chaves, Tanishq Mathew Abraham,
            Shivanshu Purohit, Curtis P. Langlotz, Akshay Chaudhari"""
        ),
        day="2022-11-23",
        arxiv="2211.12737",
    ),
    KnownPaper(
        "OpenFold: Retraining AlphaFold2 yields new insights into its learning mechanisms and "
        "capacity for generalization",
        _names(
            """Gustaf Ahdritz, Nazim Bouatta, Christina Floristean, Sachin Kadyan, Qinghui Xia,
            William Gerecke, Timothy J. O'Donnell, Stella Biderman, Mohammed AlQuraishi"""
        ),
        day="2022-11-22",
        doi="10.1101/2022.11.20.517210",
    ),
    KnownPaper(
        "HyperTuning: Toward Adapting Large Language Models without Back-propagation",
        _names("Jason Phang, Yi Mao, Pengcheng He, Weizhu Chen"),
        day="2022-11-22",
        arxiv="2211.12485",
    ),
    KnownPaper(
        "BLOOM: A 176B-Parameter Open-Access Multilingual Language Model",
        _names(
            """Teven Le Scao, Angela Fan, Christopher Akiki, Ellie Pavlick, Suzana Ilić,
            Daniel Hesslow, Roman Castagné, Alexandra Sasha Luccioni, François Yvon,
            Stella Biderman, Thomas Wolf"""
        ),
        day="2022-11-09",
        arxiv="2211.05100",
    ),
    KnownPaper(
        "Crosslingual Generalization through Multitask Finetuning",
        _names(
            """Niklas Muennighoff, Thomas Wang, Lintang Sutawika, Adam Roberts, Stella Biderman,
            Teven Le Scao, M Saiful Bari, Sheng Shen, Zheng-Xin Yong, Hailey Schoelkopf,
            Xiangru Tang, Dragomir Radev, Alham Fikri Aji, Khalid Almubarak, Samuel Albanie,
            Zaid Alyafeai, Albert Webson, Edward Raff, Colin Raffel"""
        ),
        day="2022-11-03",
        arxiv="2211.01786",
    ),
    KnownPaper(
        "LAION-5B: An open large-scale dataset for training next generation image-text models",
        _names(
            """Christoph Schuhmann, Romain Beaumont, Richard Vencu, Cade Gordon, Ross Wightman,
            Mehdi Cherti, Theo Coombes, Aarush Katta, Clayton Mullis, Mitchell Wortsman,
            Patrick Schramowski, Srivatsa Kundurthy, Katherine Crowson, Ludwig Schmidt,
            Robert Kaczmarczyk, Jenia Jitsev"""
        ),
        day="2022-10-16",
        arxiv="2210.08402",
    ),
    KnownPaper(
        "Robust Preference Learning for Storytelling via Contrastive Reinforcement Learning",
        _names(
            """Louis Castricato, Alexander Havrilla, Shahbuland Matiana, Michael Pieler,
            Anbang Ye, Ian Yang, Spencer Frazier, Mark Riedl"""
        ),
        day="2022-10-14",
        arxiv="2210.07792",
    ),
    KnownPaper(
        "EleutherAI: Going Beyond “Open Science” to “Science in the Open”",
        _names("Jason Phang, Herbie Bradley, Leo Gao, Louis Castricato, Stella Biderman"),
        day="2022-10-12",
        arxiv="2210.06413",
    ),
    KnownPaper(
        "Fooling MOSS Detection with Pretrained Language Models",
        _names("Stella Biderman, Edward Raff"),
        day="2022-10-17",
        arxiv="2201.07406",
        doi="10.1145/3511808.3557079",
        venue="CIKM",
    ),
)
