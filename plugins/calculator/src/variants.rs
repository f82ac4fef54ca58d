//! Chinese signs that are written in more than one way: traditional ones, and those of cheques.

/// What is written otherwise, and the sign that the other files know.
const VARIANTS: &[(&str, char)] = &[
    ("壹", '一'),
    ("贰貳", '二'),
    ("叁參", '三'),
    ("肆", '四'),
    ("伍", '五'),
    ("陆陸", '六'),
    ("柒", '七'),
    ("捌", '八'),
    ("玖", '九'),
    ("拾", '十'),
    ("佰", '百'),
    ("仟", '千'),
    ("萬", '万'),
    ("億", '亿'),
    ("點", '点'),
    ("兩", '两'),
    ("圆圓円", '元'),
    ("塊", '块'),
    ("減", '减'),
    ("負", '负'),
    ("於", '于'),
    ("為", '为'),
    ("幾", '几'),
    ("個", '个'),
    ("換", '换'),
    ("從", '从'),
    ("請", '请'),
    ("問", '问'),
    ("計", '计'),
    ("總", '总'),
    ("間", '间'),
    ("當", '当'),
    ("時", '时'),
    ("鐘", '钟'),
    ("週", '周'),
    ("號", '号'),
    ("裡裏", '里'),
    ("噸", '吨'),
    ("錢", '钱'),
    ("畝", '亩'),
    ("頃", '顷'),
    ("華", '华'),
    ("攝", '摄'),
    ("爾", '尔'),
    ("後", '后'),
    ("階", '阶'),
    ("嗎", '吗'),
    ("釐", '厘'),
];

/// `text` with the signs that the other files know.
pub fn simplified(text: &str) -> String {
    let simplified = |c: char| {
        let known = VARIANTS.iter().find(|(written, _)| written.contains(c));
        known.map_or(c, |(_, sign)| *sign)
    };
    text.chars().map(simplified).collect()
}

#[cfg(test)]
mod tests {
    use super::simplified;

    #[test]
    fn variants_are_one_sign() {
        let check = |text: &str, want: &str| assert_eq!(simplified(text), want);
        check("2.5萬減去壹佰", "2.5万减去一百");
        check("參仟圓", "三千元");
        check("3兩", "3两");
        check("2 + 2", "2 + 2");
    }
}
