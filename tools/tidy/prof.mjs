import ts from "typescript";
const root=new URL("../../",import.meta.url).pathname;
const t=(l)=>console.log(l,Math.round(performance.now()));
t("load");
const {config}=ts.readConfigFile(root+"tsconfig.json",p=>ts.sys.readFile(p));
const {options,fileNames}=ts.parseJsonConfigFileContent(config,ts.sys,root);
t("config "+fileNames.length);
const p=ts.createProgram(fileNames,options);
t("program "+p.getSourceFiles().length);
const by={};for(const f of p.getSourceFiles()){const k=f.fileName.includes("node_modules/")?f.fileName.replace(/.*node_modules\/((@[^/]+\/)?[^/]+)\/.*/,"$1"):"ours";by[k]=(by[k]??0)+f.text.length}
console.log(Object.entries(by).sort((a,b)=>b[1]-a[1]).slice(0,12));
const c=p.getTypeChecker();
t("checker");
let n=0;
for(const f of p.getSourceFiles()){ if(f.fileName.includes("node_modules"))continue; const t0=performance.now();
 const w=(x)=>{ if(ts.isExpressionStatement(x)){c.getTypeAtLocation(x.expression);n++} x.forEachChild(w)}; w(f); const d=performance.now()-t0; if(d>120) console.log(f.fileName,Math.round(d)); }
t("statements "+n);
for(const f of p.getSourceFiles()){ if(f.fileName.includes("node_modules"))continue; 
 const w=(x)=>{ if(ts.isArrowFunction(x)&&!ts.isBlock(x.body))c.getContextualType(x); x.forEachChild(w)}; w(f);}
t("arrows");
