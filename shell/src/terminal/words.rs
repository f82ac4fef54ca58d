//! The words of the shell, in the languages that it speaks: one catalogue, so that no message
//! is there in one language alone. Which of them is spoken is settled once, at the start.
//!
//! Errors of commands and the names of things stay English: they are searched for, and
//! programs read them.

use std::fmt::Display;
use std::sync::OnceLock;

use super::output::counted;

/// A language of the shell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English, where nothing else is asked for.
    #[default]
    English,
    /// Chinese, in simplified characters.
    Chinese,
}

impl Language {
    /// The language of a locale, such as `zh_CN.UTF-8`. A terminal of another encoding than
    /// UTF-8 would show other characters, so it gets English.
    pub fn of(locale: &str) -> Self {
        let (name, encoding) = match locale.split_once('.') {
            Some((name, encoding)) => (name, encoding.split('@').next()),
            None => (locale, None),
        };
        let is_utf8 = encoding.is_none_or(|encoding| {
            let encoding = encoding.to_ascii_lowercase();
            encoding == "utf-8" || encoding == "utf8"
        });
        let language = name.split(['_', '-', '@']).next().unwrap_or_default();
        match language.eq_ignore_ascii_case("zh") && is_utf8 {
            true => Self::Chinese,
            false => Self::English,
        }
    }
}

static SPOKEN: OnceLock<&'static Words> = OnceLock::new();

/// Settles the language, once.
pub fn speak(language: Language) {
    let words = match language {
        Language::English => &ENGLISH,
        Language::Chinese => &CHINESE,
    };
    // A second call changes nothing.
    let _ = SPOKEN.set(words);
}

/// The words of the language that is spoken.
pub fn words() -> &'static Words {
    SPOKEN.get().unwrap_or(&&ENGLISH)
}

/// Columns of a help in two columns.
const HELP_COLUMNS: usize = 80;

/// The help of the shell, one command a line where a terminal has too few `columns` for two.
pub fn help(columns: usize) -> String {
    let help = words().help;
    if columns >= HELP_COLUMNS {
        return help.to_owned();
    }
    let lines = help.lines().flat_map(|line| match line.rfind("  /") {
        Some(at) if at > 0 => vec![line[..at].trim_end(), &line[at..]],
        _ => vec![line],
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// `template` with its `{names}` filled in; `{name:noun}` is so many of them.
pub fn fill(template: &str, values: &[(&str, &dyn Display)]) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    // What is filled in is not read again.
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            rest = after;
            continue;
        };
        let (key, noun) = match name.split_once(':') {
            Some((key, noun)) => (key, Some(noun)),
            None => (name, None),
        };
        match (values.iter().find(|(known, _)| *known == key), noun) {
            (Some((_, value)), None) => text.push_str(&value.to_string()),
            (Some((_, value)), Some(noun)) => text.push_str(&counted(value, noun)),
            (None, _) => text.push_str(&format!("{{{name}}}")),
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

macro_rules! catalogue {
    ($($name:ident: $english:literal, $chinese:literal;)*) => {
        /// Every message, by its name.
        #[allow(missing_docs, reason = "the English words say what each is")]
        pub struct Words {
            $(pub $name: &'static str,)*
        }
        const ENGLISH: Words = Words { $($name: $english,)* };
        const CHINESE: Words = Words { $($name: $chinese,)* };
        #[cfg(test)]
        const ALL: &[(&str, &str, &str)] = &[$((stringify!($name), $english, $chinese),)*];
    };
}

catalogue! {
    no_tasks: "no task came on standard input; at a terminal `quipu` is a shell, and `quipu run \"…\"` runs one task",
        "标准输入中没有任务；在终端上 `quipu` 是交互式 shell，`quipu run \"…\"` 执行一个任务";
    begin: "Type a task, /help for commands, Ctrl-D to leave.",
        "输入任务即可开始；/help 列出命令；Ctrl-D 退出。";
    offer_meaning: "pages are found by their words; /model pull {model} ({size}, {licence}) finds them by meaning too, in any language",
        "目前按词语查找页面；/model pull {model}（{size}，{licence}）后还可按含义查找，支持任何语言";
    fetch: "{model} is not on this machine. Fetch it now{size}? [y/N] ",
        "此机器上没有 {model}。现在下载{size}吗？[y/N] ";
    of_size: " ({size})", "（{size}）";
    loading: "loading {model}…", "正在加载 {model}…";
    loading_on: "loading {model}: {percent}%…", "正在加载 {model}：{percent}%…";
    first_answer:
        "the first answer takes longer: the model reads the examples it decides by, once; they are kept",
        "第一个回答较慢：模型先读取一次判断所依据的示例，之后会保留";
    shared: "{cpu} · shared with the machine that runs here",
        "{cpu} · 与此处正在运行的机器共用";
    cut_off: "process {pid} was cut off: /resume {pid} carries it on, /continue brings its conversation back",
        "进程 {pid} 曾被中断：/resume {pid} 继续执行，/continue 恢复它的对话";
    project_followed: "follows {file}", "遵循 {file}";
    project_untrusted: "{file} is not trusted as it is, so it is not followed: /trust shows how, with its path",
        "{file} 当前内容未受信任，因此不予遵循：用 /trust 加其路径即可信任";
    project_too_long: "{file} is too long for the window, so it is not followed",
        "{file} 太长，窗口放不下，因此不予遵循";
    goes_on: "the conversation goes on after: {asked}", "对话从此处继续：{asked}";
    no_earlier: "there is no earlier conversation", "没有更早的对话";
    anew: "the conversation starts anew", "对话已重新开始";
    undone: "turns taken back: {count}; the conversation goes on after: {asked}",
        "已撤回 {count} 轮；对话从此处继续：{asked}";
    undone_all: "turns taken back: {count}; the conversation starts anew",
        "已撤回 {count} 轮；对话重新开始";
    effects_stay: "what they changed stays changed; /continue {pid} brings them back",
        "它们造成的更改不会撤销；/continue {pid} 可恢复这些轮次";
    no_turns: "nothing was said yet", "还没有任何对话";
    exported: "turns written to {file}: {count}", "已将 {count} 轮对话写入 {file}";
    imported: "turns read from {file}: {count}; they count as a stranger's words",
        "已从 {file} 读入 {count} 轮对话；这些内容按陌生人的话处理";
    leave_twice: "press Ctrl-C again, or Ctrl-D, to leave", "再按一次 Ctrl-C，或按 Ctrl-D 退出";
    queued: "queued: {line}", "已排队：{line}";
    machine_ended: "the machine that ran here has ended: this shell runs one of its own",
        "此处运行的机器已结束：本 shell 将自行运行一台";
    stopped: "stopped; /resume {pid} carries it on", "已停止；/resume {pid} 继续执行";
    suspended: "{count:process} suspended, to go on when a machine starts on this root",
        "已挂起 {count} 个进程；此根目录上再有机器启动时会继续执行";
    interrupted: "interrupted", "已中断";
    noted: "noted as a case to learn from; /learn learns from all {cases}",
        "已记为学习用例；/learn 从全部 {cases} 个用例中学习";
    not_noted: "not noted: that turn has what is private, or a task of others",
        "未记录：该轮含私密内容，或任务出自他人";
    pair_kept: "kept: {pairs:pair} in {file}", "已保存：{file} 中共 {pairs} 对";
    answers_alike: "both answers are the same", "两个回答相同";
    none_chosen: "nothing was kept", "未保存任何内容";
    thought_once: "each task is thought about once", "每个任务只思考一次";
    thought_auto: "a task that computes something is thought about until two ways agree",
        "需要计算的任务会一直思考，直到两种方法一致";
    thought_several: "each task is thought about along {count} branches", "每个任务沿 {count} 个分支思考";
    compared: "compared {count:branch}: {agree}", "已比较 {count} 个分支：{agree}";
    compared_none: "no other branch was compared", "没有比较其他分支";
    none_agree: "no two answers agree", "没有两个回答一致";
    some_agree: "{count} agree", "{count} 个一致";
    confidence: ", confidence {confidence}", "，置信度 {confidence}";
    branch: "{mark} {way} (process {pid}): {answer}", "{mark} {way}（进程 {pid}）：{answer}";
    forked_off: "forked off {pid}", "从进程 {pid} 分出";
    no_answer: "no answer", "没有回答";
    way_usual: "as usual", "照常";
    way_program: "program", "程序";
    way_thought: "thought", "思考";
    way_calculator: "calculator", "计算器";
    way_search: "search", "搜索";
    way_check: "checked by a program", "由程序检查";
    way_weigh: "weighed", "权衡";
    which_is_better: "Which is better? [1/2, anything else: neither] ",
        "哪个更好？[1/2，输入其他表示都不选] ";
    listening: "listening with {name}; press Enter to stop", "正在用 {name} 聆听；按回车键停止";
    with_input: "with {bytes:byte} from standard input", "附上来自标准输入的 {bytes} 个字节";
    carries_on: "hint: `{command}` carries it on{alone}", "提示：`{command}` 可继续执行{alone}";
    nobody_asked: "hint: nobody was there to approve it: at a terminal you are asked; a rule in policy.toml or `--approve all` says yes beforehand",
        "提示：当时无人批准：在终端上会询问你；policy.toml 中的规则或 `--approve all` 可事先同意";
    killed: "process {pid} was killed and does not go on; `{command}` starts a copy that does",
        "进程 {pid} 已被终止，不会继续；`{command}` 可启动一个继续执行的副本";
    goes_on_later: "hint: process {pid} goes on when `quipu serve` or `quipu` starts, or with `{command}`{alone}",
        "提示：进程 {pid} 会在 `quipu serve` 或 `quipu` 启动时继续，也可用 `{command}` 继续{alone}";
    goes_alone: "; it goes on alone, as other branches of it cannot be carried on",
        "；它会单独继续，其他分支无法继续";
    going_on: "going on with what was suspended: {pids}", "继续执行之前挂起的进程：{pids}";
    added: "added {pages:page} from {files:file}", "已从 {files} 个文件添加 {pages} 页";
    added_jsonl: "added {pages:page} from {file}", "已从 {file} 添加 {pages} 页";
    unchanged: ", {count} unchanged", "，{count} 个未变";
    removed: ", {count} gone and removed", "，{count} 个已不存在并移除";
    skipped: ", skipped {count}", "，跳过 {count} 个";
    skipped_one: "skipped {what}", "已跳过 {what}";
    ignored: ", {count} left out by ignore rules or hidden (--no-ignore brings them in)",
        "，{count} 个因忽略规则或属隐藏文件而略去（--no-ignore 可一并导入）";
    ignored_names: "left out by ignore rules or hidden: {names}", "因忽略规则或属隐藏文件而略去：{names}";
    import_stopped: "stopped; what was brought in before stays", "已停止；此前导入的内容会保留";
    import_again: "the same command goes on where it was", "再次运行同一命令会从中断处继续";
    no_model_of_strangers: "warning: the agent is not trusted, so the model {model} that it names is not taken",
        "警告：该智能体未受信任，因此不采用它指定的模型 {model}";
    no_knowledge_of_strangers: "warning: the agent {agent} is not trusted, so no folder that it names is looked at",
        "警告：智能体 {agent} 未受信任，因此不查看它指定的文件夹";
    knows: "the agent {agent} has read {pages:page} of what it knows", "智能体 {agent} 已读入其知识中的 {pages} 页";
    secret_in_task: "note: a secret stands in the task or beside it; the model sees a mark in its place",
        "注意：任务或其附带文本中有机密值；模型看到的是替代标记";
    secret_in_store: "warning: a secret stood in what is stored; a mark stands in its place",
        "警告：要存储的内容中有机密值；已用标记代替";
    journal_gone: "warning: the journal that was here is gone, with {count:process}; a new one begins",
        "警告：此处原有的日志已不在，其中有 {count} 个进程；现在开始新的日志";
    journal_unnoted: "warning: journal.last is missing beside the journal: whether its last rows were removed cannot be known",
        "警告：日志旁缺少 journal.last：无法知道其最后几行是否被删除";
    old_removed: "removed {count:process} that ended more than {days:day} ago",
        "已删除 {count} 个结束超过 {days} 天的进程";
    writer_waited: "waiting for {holder}, which writes the memory of this root (Ctrl-C ends the waiting)",
        "正在等待 {holder}，它正在写入此根目录的记忆（Ctrl-C 结束等待）";
    preparing: "preparing {count:page} to be found by meaning; they are found already as before, and Ctrl-C loses nothing: `quipu mem rebuild` goes on",
        "正在为 {count} 页准备按含义查找；期间仍可照旧查找，按 Ctrl-C 不会丢失任何内容：`quipu mem rebuild` 可继续";
    asking_server: "asking the MCP server {name} for its tools, for up to {seconds} s",
        "正在向 MCP 服务器 {name} 询问它的工具，最多 {seconds} 秒";
    relisted: "note: the MCP server {name} lists other tools by now; `quipu tool show {name}` shows them",
        "注意：MCP 服务器 {name} 现在列出的工具有变化；`quipu tool show {name}` 可查看";
    function_left_out: "warning: {tool} is left out: {reason}", "警告：已略去 {tool}：{reason}";
    misread: "{count} of {all} lines may be misread, the first is {first}",
        "{all} 行中有 {count} 行可能读错，第一处是 {first}";
    reading_picture: "reading the picture {file}", "正在读取图片 {file}";
    hearing_recording: "hearing the recording {file}", "正在听录音 {file}";
    heard_up_to: "heard up to {time}{of}", "已听到 {time}{of}";
    of_length: " of {length}", "（共 {length}）";
    no_text_found: "no text was found", "没有找到文字";
    storing: "storing {pages:page}", "正在存储 {pages} 页";
    nothing_said: "nothing was said", "没有听到内容";
    heard: "heard: {said}", "听到：{said}";
    spoken: "answers are spoken; Ctrl-C stops one", "回答会朗读出来；Ctrl-C 停止当前朗读";
    not_spoken: "answers are not spoken", "回答不再朗读";
    model_now: "the model is {model}", "当前模型：{model}";
    cost: "tasks: {tasks} · {time} · {prompt:prompt token}{before} · {generated} generated",
        "{tasks} 个任务 · {time} · 提示词 {prompt} 个 token{before} · 生成 {generated} 个";
    window_of: "process {pid}: {used} of {size:token}", "进程 {pid}：已用 {used} / {size} 个 token";
    page_boot: "instructions and tools", "指令与工具";
    page_examples: "what was learnt", "学到的示例";
    page_reminder: "what memory holds on it", "记忆中的相关内容";
    page_attached: "texts beside the task", "任务所附文本";
    page_pictures: "pictures beside the task", "任务所附图片";
    page_task: "the task", "任务";
    page_steps: "steps", "步骤";
    page_template: "between them", "分隔标记";
    page_reserve: "kept for the answer", "为回答预留";
    page_free: "free", "空闲";
    part: "{name}: {tokens}", "{name}：{tokens}";
    no_plan: "the task of process {pid} has one part, and nothing is planned for it",
        "进程 {pid} 的任务只有一个部分，没有为它制定计划";
    evicted_steps: "out of sight: {pages}", "已移出窗口：{pages}";
    held_steps: "held back, by handles or values only: {pages}", "已隔离，仅有句柄或取出的值：{pages}";
    process_goes_on: "process {pid} goes on after step {steps}", "进程 {pid} 从第 {steps} 步之后继续";
    taught: "with examples of tasks that were done right: {ids}", "附上做对的任务作为示例：{ids}";
    instead: "{instead} answers in place of {model}: {reason}", "由 {instead} 代替 {model} 回答：{reason}";
    left_out: "{tool} is left out: no grammar holds its schema ({reason})",
        "已略去 {tool}：没有语法能约束它的模式（{reason}）";
    reading: "reading {of:token}…", "正在读取 {of} 个 token…";
    reading_on: "reading {tokens} of {of:token} ({percent}%{left})…",
        "正在读取：{tokens} / {of} 个 token（{percent}%{left}）…";
    reading_to_decide:
        "reading the examples it decides by: {tokens} of {of:token} ({percent}%{left})…",
        "正在读取判断所依据的示例：{tokens} / {of} 个 token（{percent}%{left}）…";
    left: ", {seconds} s left", "，剩余 {seconds} 秒";
    writing: "writing…", "正在写…";
    checking: "checking everything…", "正在全面检查…";
    waits_for: "waiting for {tool}…", "正在等待 {tool}…";
    still: "still at work: {what}", "仍在进行：{what}";
    still_deciding: "still at work: deciding what comes next", "仍在进行：正在决定下一步";
    step: "step {n}", "第 {n} 步";
    tokens: "{prompt:token}{before} + {generated}", "{prompt} 个 token{before} + {generated}";
    read_before: " ({tokens} read before)", "（此前已读 {tokens} 个）";
    untrusted: "untrusted, from {source}", "不受信任，来自 {source}";
    suspicious: "reads like an attack: {said}", "疑似攻击：{said}";
    suspected: "{source} reads like an attack ({said})", "{source} 疑似攻击（{said}）";
    not_looked_at: "not looked at for attacks", "未经攻击检查";
    unseen: "{source} was not looked at for attacks", "{source} 未经攻击检查";
    held_back: "held back", "已隔离";
    private: "private", "私密";
    secret: "secret", "机密";
    more: "[more lines: {lines}, /step {n}]", "［还有 {lines} 行：/step {n}］";
    result: "result:", "结果：";
    failed: "failed:", "失败：";
    evicted: "page {page} evicted ({tokens:token})", "第 {page} 页已移出窗口（{tokens} 个 token）";
    recalled: "page {page} recalled", "第 {page} 页已取回";
    left_undone: "not done: {parts}", "未完成：{parts}";
    child_began: "        process {pid}: {task}", "        进程 {pid}：{task}";
    child_ended: "        process {pid} → {said}", "        进程 {pid} → {said}";
    lost: "{events:event} came too fast to be shown", "{events} 个事件来得太快，未能显示";
    limit: "limit: {text}", "限制：{text}";
    sum: "{time} · {prompt:prompt token}{before} · {generated} generated",
        "{time} · 提示词 {prompt} 个 token{before} · 生成 {generated} 个";
    besides: " ({time} besides the steps: decisions before and between them, waiting)",
        "（其中 {time} 不在各步骤之内：步骤之前与之间的判断、等待）";
    reminded: "reminded of {what} · {tokens:token}", "想起 {what} · {tokens} 个 token";
    strangers: "{pages} untrusted, to be looked up (yours? quipu mem add --vouch)",
        "{pages} 个不受信任的页面，可供查找（是你自己的？quipu mem add --vouch）";
    empty_notes: "empty notes", "空的笔记";
    planned: "planned {effect}", "已计划 {effect}";
    not_planned: "not planned: {why}", "未计划：{why}";
    rests_on: "rests on {pages} · {open} opens a page", "依据 {pages} · {open} 可打开页面";
    queue_full: "too many lines wait: {line}", "排队的内容太多：{line}";
    queue_empty: "nothing waits", "没有排队的内容";
    queue_removed: "no longer queued: {line}", "已从队列移除：{line}";
    queue_waits: "waiting: {count}; /queue lists them, /queue go runs them, /queue clear drops them",
        "排队中：{count} 条；/queue 列出，/queue go 执行，/queue clear 清空";
    undone_unanswered: "taken back, unanswered: {asked}", "已撤回（未得到回答）：{asked}";
    what_now: "Interrupted. What should be done instead?", "已中断。接下来应该做什么？";
    approve: "Approve this once? [y/N{all}] ", "仅此一次批准吗？[y/N{all}] ";
    approve_says: "say y for yes or n for no{all}", "请输入 y（是）或 n（否）{all}";
    approve_all: ", a shows all of it", "，a 显示全部";
    approve_process: ", p for this process", "，p 本进程内有效";
    approve_always: ", w for good", "，w 永久有效";
    approved_process: "this process may do what this rule covers, without asking:",
        "本进程内批准此规则所涵盖的调用：";
    add_rule: "Add this rule to your policy? [y/N] ", "将此规则加入策略吗？[y/N] ";
    rule_added: "added to {file}", "已写入 {file}";
    rule_not_added: "approved for this process alone", "仅在本进程内批准";
    more_chars: "[… {left} more characters …]", "［…… 还有 {left} 个字符 ……］";
    help: "\
Type a task. @path brings a file in, !command runs a program. What is typed while a task
runs is the next one; what only looks, such as /plan, is answered at once.
Ctrl-C stops the step, twice the process, three times the shell; Ctrl-D leaves.
Alt-Enter, or a backslash at the end, starts another line.

  /ps              processes           /log PID         what one did
  /resume PID      carry one on        /kill PID        stop one for good
  /step [N]        a step in full      /context [PID]   what is in the window
  /plan [PID]      what is to be done  /cost            what this talk has cost
  /mem search …    find pages          /mem add PATH    bring documents in
  /tool ls         tools               /tool call …     call one
  /model           the model in use    /model NAME      take another one
  /see FILE        text in a picture   /hear            the microphone
  /speak on        answers aloud       /say TEXT        say something
  /think K         compare K branches  /think off       one again
  /correct RIGHT   what was right      /learn           learn from that
  /compare TASK    choose of two answers
  /turns           this conversation   /undo [N]        take turns back
  /clear           forget this talk    /continue [PID]  take an earlier one up
  /export FILE     write .md or .json  /import FILE     read one
  /history WORDS   what was asked      /queue [rm N]    what is typed ahead
  /doctor          check everything    /config show     settings
  /quit            leave",
        "\
输入任务即可。@路径 附上文件，!命令 运行程序。任务运行时输入的内容随后执行；
/plan 这类只查看的命令会立即回答。
Ctrl-C 停止当前步骤，两次停止进程，三次退出 shell；Ctrl-D 退出。
Alt-Enter 或行尾的反斜杠换行继续输入。

  /ps              进程列表            /log PID         某个进程做了什么
  /resume PID      继续某个进程        /kill PID        彻底停止某个进程
  /step [N]        完整显示一步        /context [PID]   窗口里有什么
  /plan [PID]      要做什么            /cost            本次对话的开销
  /mem search …    查找页面            /mem add PATH    导入文档
  /tool ls         工具列表            /tool call …     调用工具
  /model           当前模型            /model NAME      换一个模型
  /see FILE        读取图片中的文字    /hear            麦克风
  /speak on        朗读回答            /say TEXT        朗读一段文字
  /think K         比较 K 个分支       /think off       恢复单个
  /correct RIGHT   指出正确的答案      /learn           从中学习
  /compare TASK    在两个回答中选择
  /turns           本次对话            /undo [N]        撤回若干轮
  /clear           忘掉本次对话        /continue [PID]  恢复更早的对话
  /export FILE     写出对话 .md .json  /import FILE     读入对话
  /history WORDS   搜索问过的内容      /queue [rm N]    排队的内容
  /doctor          全面检查            /config show     设置
  /quit            退出";
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(template: &str) -> Vec<&str> {
        let parts = template.split('{').skip(1);
        // A noun stands where the language has plurals.
        let names = parts.filter_map(|part| part.split(['}', ':']).next());
        let mut names: Vec<&str> = names.collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    #[test]
    fn every_language_says_the_same() {
        for (name, english, chinese) in ALL {
            assert_eq!(names(english), names(chinese), "{name}");
            assert!(!chinese.is_ascii() && english != chinese, "{name}");
        }
        let commands = |help: &str| help.matches("  /").count();
        assert_eq!(commands(ENGLISH.help), commands(CHINESE.help));
    }

    #[test]
    fn a_narrow_terminal_has_a_command_a_line() {
        let (wide, narrow) = (help(80), help(40));
        assert_eq!(wide, ENGLISH.help);
        let of = |help: &str| help.matches("  /").count();
        assert_eq!(of(&wide), of(&narrow));
        let commands = narrow.lines().filter(|line| line.starts_with("  /"));
        assert!(
            commands
                .clone()
                .all(|line| of(line) == 1 && line.len() < 48)
        );
        assert_eq!(commands.count(), of(&narrow));
    }

    #[test]
    fn a_locale_chooses_the_language() {
        let check = |locale: &str, want: Language| assert_eq!(Language::of(locale), want);
        check("", Language::English);
        check("C", Language::English);
        check("en_US.UTF-8", Language::English);
        check("zh_CN.UTF-8", Language::Chinese);
        check("zh_TW.utf8", Language::Chinese);
        check("zh-Hans", Language::Chinese);
        check("zh_CN.GB18030", Language::English);
        check("zhuang", Language::English);
    }

    #[test]
    fn what_is_filled_in_is_not_read_again() {
        let check = |template: &str, want: &str| {
            assert_eq!(fill(template, &[("a", &"{b}"), ("b", &2)]), want);
        };
        check("{a} and {b}", "{b} and 2");
        check("{b:page}, {c:page}", "2 pages, {c:page}");
        check("{c} {", "{c} ");
        check("", "");
    }
}
