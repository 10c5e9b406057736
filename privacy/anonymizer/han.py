"""Readings of common Chinese and Japanese names: enough to recognise a classmate's name in Latin letters."""

from __future__ import annotations

_CHINESE = """
li 李 丽 莉 黎 立 力|wang 王 汪|zhang 张 張 章|liu 刘 劉 柳|chen 陈 陳 晨|yang 杨 楊 洋 阳 陽|huang 黄 黃
zhao 赵 趙|wu 吴 吳 武|zhou 周|xu 徐 许 許 旭|sun 孙 孫|ma 马 馬|zhu 朱 祝|hu 胡|guo 郭 国 國|he 何 贺 鹤|gao 高
lin 林 琳|luo 罗 羅|zheng 郑 鄭 正|liang 梁 亮|xie 谢 謝|song 宋 松|tang 唐 汤|deng 邓 鄧|feng 冯 馮 峰 风 凤
han 韩 韓 涵|cao 曹|zeng 曾|peng 彭 鹏 鵬|xiao 萧 肖 小 晓 曉|cai 蔡|pan 潘|tian 田 天 甜|dong 董 东 東
yuan 袁 媛 远|yu 于 余 玉 雨 宇 瑜 俞|ye 叶 葉|jiang 蒋 蔣 姜 江|du 杜|su 苏 蘇|wei 魏 韦 伟 偉 薇 维
cheng 程 成|ding 丁|shen 沈|ren 任 仁|yao 姚 瑶|lu 卢 陆 鲁 路 露|fu 傅 福|zhong 钟 鍾|cui 崔|tan 谭 譚|liao 廖
fan 范 凡|jin 金 锦 进|shi 石 史 诗|dai 戴|jia 贾 佳 嘉 家|xia 夏 霞|qiu 邱 秋|fang 方 芳 房|hou 侯|zou 邹
xiong 熊|meng 孟 梦|qin 秦 琴|bai 白|yan 阎 严 艳 燕 妍 颜|xue 薛 雪 学|yin 尹 音|duan 段|lei 雷 磊 蕾
long 龙 龍|tao 陶 涛 濤|gu 顾|mao 毛|hao 郝 浩 昊|gong 龚|shao 邵|wan 万 婉|qian 钱 倩|na 娜|min 敏 民
jing 静 靜 晶 婧 景|qiang 强 強|jun 军 軍 俊 君|yong 勇 永|jie 杰 洁 捷|juan 娟|ming 明|chao 超|xiu 秀
ping 平 萍|gang 刚|gui 桂|ying 英 颖 莹|hua 华 華|lan 兰 蘭 岚|hong 红 宏 虹 洪|jian 建 健|wen 文 雯|zhi 志 智
xin 欣 鑫 新 心|yi 怡 一 依 艺 毅|zi 子 梓 紫|xuan 轩 萱 璇|si 思|qi 琪 奇 齐|ting 婷 庭|fei 飞 菲|bo 博 波
hui 慧 辉 惠|kai 凯|bin 斌 彬|chun 春|mei 梅 美|yun 云 芸 允|hai 海|shan 珊 山|ling 玲 灵 凌|rui 瑞 睿|dan 丹
ning 宁|zhen 珍 真 振|an 安|xiang 翔 祥 香|shu 淑 书|ai 爱|ke 可|han 寒
"""
_JAPANESE = """
佐藤 sato|鈴木 suzuki|高橋 takahashi|田中 tanaka|伊藤 ito|渡辺 watanabe|渡邊 watanabe|山本 yamamoto|中村 nakamura
小林 kobayashi|加藤 kato|吉田 yoshida|山田 yamada|佐々木 sasaki|山口 yamaguchi|松本 matsumoto|井上 inoue|木村 kimura
林 hayashi|斎藤 saito|齋藤 saito|清水 shimizu|山崎 yamazaki|森 mori|池田 ikeda|橋本 hashimoto|阿部 abe|石川 ishikawa
前田 maeda|藤田 fujita|小川 ogawa|岡田 okada|後藤 goto|長谷川 hasegawa|村上 murakami|近藤 kondo|石井 ishii
坂本 sakamoto|遠藤 endo|青木 aoki|藤井 fujii|西村 nishimura|福田 fukuda|太田 ota|三浦 miura|岡本 okamoto|松田 matsuda
中島 nakajima|上田 ueda|原 hara|和田 wada|中野 nakano|小野 ono|竹内 takeuchi|金子 kaneko|中川 nakagawa|花子 hanako
太郎 taro|健太 kenta|大輔 daisuke|翔太 shota|美咲 misaki|陽子 yoko|洋子 yoko|由美 yumi|直樹 naoki|健 ken|誠 makoto|愛 ai
恵 megumi|結衣 yui|葵 aoi|蓮 ren|翔 sho|優 yu|裕子 yuko|優子 yuko|真由美 mayumi|明美 akemi|久美子 kumiko|智子 tomoko
一郎 ichiro|次郎 jiro|和也 kazuya|拓也 takuya|達也 tatsuya|浩 hiroshi|隆 takashi|学 manabu|麻衣 mai|彩 aya|七海 nanami
陽菜 hina|莉子 riko|大翔 hiroto|悠斗 yuto|桜 sakura|恵子 keiko|京子 kyoko|幸子 sachiko|和子 kazuko|剛 tsuyoshi
"""
_KANA = dict(
    zip(
        "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをんがぎぐげござじずぜぞだぢづでどばびぶべぼぱぴぷぺぽ",
        [
            *("a", "i", "u", "e", "o", "ka", "ki", "ku", "ke", "ko", "sa", "shi", "su", "se", "so", "ta", "chi", "tsu"),
            *("te", "to", "na", "ni", "nu", "ne", "no", "ha", "hi", "fu", "he", "ho", "ma", "mi", "mu", "me", "mo"),
            *("ya", "yu", "yo", "ra", "ri", "ru", "re", "ro", "wa", "o", "n", "ga", "gi", "gu", "ge", "go", "za", "ji"),
            *(
                "zu",
                "ze",
                "zo",
                "da",
                "ji",
                "zu",
                "de",
                "do",
                "ba",
                "bi",
                "bu",
                "be",
                "bo",
                "pa",
                "pi",
                "pu",
                "pe",
                "po",
            ),
        ],
        strict=True,
    )
)


def _characters() -> dict[str, str]:
    table: dict[str, str] = {}
    for entry in _CHINESE.replace("\n", "|").split("|"):
        reading, *characters = entry.split() or [""]
        for character in characters:
            table.setdefault(character, reading)
    return table


_PINYIN = _characters()
_PAIRS = (entry.partition(" ") for entry in _JAPANESE.replace("\n", "|").split("|") if entry)
_NAMES = {name: latin for name, _, latin in _PAIRS}


def readings(name: str) -> tuple[str, ...]:
    """Latin spellings of a given or family name in Chinese characters or kana, as far as they are known."""
    found = [_NAMES[name]] if name in _NAMES else []
    if name and all(character in _PINYIN for character in name):
        found.append("".join(_PINYIN[character] for character in name))
    hiragana = "".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in name)
    if name and all(character in _KANA for character in hiragana):
        found.append("".join(_KANA[character] for character in hiragana))
    return tuple(dict.fromkeys(found))
