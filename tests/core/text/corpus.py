"""Small texts as people write them into tickets, in every construct that GitHub knows; § is where a reference may go."""

TEXTS = (
    "# Set up\n\nInstall the tools §, then run `npm install` § in the folder §.\n\n1. Fork §\n2. Clone §\n   ```sh\n   git clone x §\n   ```\n3. Open §\n",
    "## Goal §\n\n> As a user §\n> I want to sign in §,\nso that § my list is kept.\n\n- [ ] form §\n- [x] table §\n  - nested § item\n\n      code §\n\n* other § list\n",
    "| step | what § |\n|:-----|-------:|\n| one § | `a | b` § |\n| two | \\| § | § |\n\nBelow § the table.\n",
    "<details>\n<summary>Hint § one</summary>\n\nOpen **the § file** and _look §_.\n\n```js\nconst a = 1 // §\n```\n\n</details>\n",
    'See [the docs § here](https://x.org/a(b)c) and [this §][ref], or <https://x.org/§>.\n\n![a picture §](pic.png "title §")\n\n[ref]: https://x.org/ref "§ title"\n',
    "A claim[^1] § and another[^note].\n\n[^1]: One § line.\n[^note]: First §.\n\n    Second § paragraph\n\n    - with § a list\n\nThe end §.\n",
    "Line one §  \nline two §\\\nline three §\r\nand § four\n\nTitle §\n=====\n\nSub §\n---\n\n***\n\n    indented § code\n\nback §\n",
    '<p align="center" title="§">\n  <b>Bold §</b> &amp; <code>code §</code>\n  <img src="x.png" alt="§">\n</p>\n\nText § after.\n',
    "1) first §\n\n   ~~~\n   § fenced\n   ~~~\n\n   back § inside\n10) tenth §\n\n<!-- a comment § -->\n\nshown §\n",
    "> [!NOTE]\n> Mind § this.\n>\n> ```\n> § code\n> ```\n> > deeper § quote\nlazy §\n",
    "参照§してください。**太字§**です。*斜体 §* と ~~取消 §~~。\n\n- 箇条§書き\n",
    "Press <kbd>Ctrl</kbd> §. H<sub>2 §</sub>O. `` a ` § `` and ``§ b`` are code; \\`§ is not\\`.\n\nA https://x.org/a§b, www.x.org/§ and (§) end.\n",
    "Ask @ada § or @org/team §, not @angular/core § or me@x.org §; see @README.md § too.\n\n`@ada §` and **@bob** §\n",
)
